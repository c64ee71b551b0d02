/** All streams by name. */
export class Streams {}
