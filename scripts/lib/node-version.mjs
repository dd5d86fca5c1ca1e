// Runs on any Node that knows modules: nothing newer may stand in this file.
var wanted = [20, 19];
var version = process.versions.node.split('.').map(Number);

if (version[0] < wanted[0] || (version[0] === wanted[0] && version[1] < wanted[1])) {
  console.error(
    'RunAm needs Node ' +
      wanted.join('.') +
      ' or newer; this is Node ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').',
  );
  process.exit(1);
}
