/** Of every demo login. */
export const demoPassword = 'runam-demo';
