/** Linux' open flag for a handle that only names a file; Node's constants do not have it. */
export const O_PATH = 0o10000000;
