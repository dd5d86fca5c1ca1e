export { examine, type DoctorOptions } from './doctor.js';
export type { DoctorReport, Finding } from './finding.js';
