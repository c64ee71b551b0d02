/** Whether somebody has just come to a page from another one, so that its title should take the focus. */
let arrived = false;

export function markArrival(): void {
  arrived = true;
}

/** True once after `markArrival`. */
export function takeArrival(): boolean {
  const was = arrived;
  arrived = false;
  return was;
}
