// What a journey throws that cannot be gone here: what it needs is not there.
export class Skipped extends Error {}
