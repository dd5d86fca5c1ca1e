import { text } from './kinds.js';
import { variable } from './variable.js';

export const marketsVariables = {
  RUNAM_ADMIN_PASSWORD: variable(
    'Markets',
    'Of the first admin of a market that "npm run runam -- market open" opens; spaces around it are not part of it. Servers do not need it.',
    text({ pattern: /^.{10,128}$/su, takes: '10 to 128 characters', isSecret: true }),
    undefined,
    'the command asks for it, or reads it from its standard input',
  ),
};
