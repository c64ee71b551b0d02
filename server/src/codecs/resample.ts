/**
 * Changes the sample rate of linear PCM: a polyphase windowed-sinc filter, band-limited to the lower of the two rates.
 *
 * Output sample n lies at n * from / to on the input's axis. Rates are reduced to a ratio up / down, so that position is
 * exact for ever: (n * down) / up, whose fraction selects one of `up` sets of coefficients (phases).
 */

/** Samples at the lower rate that one output sample is made of; aliases and images stay 60 dB down. Half of them are the delay. */
const TAPS = 24;
/** Of the Nyquist frequency; what lies above is the slope of the filter. */
const CUTOFF = 0.92;
/** Odd pairs of rates would need a table of tens of thousands of phases; this many are exact to -70 dB. */
const MAX_PHASES = 1024;

/** Samples of one channel in and out, of any count; what it returns is its own memory, valid until the next call. */
export type Resample = (input: Float32Array) => Float32Array;

/** Makes a stateful resampler of one channel, whose past is silence. */
export function createResampler(fromRate: number, toRate: number): Resample {
  const divisor = greatestCommonDivisor(fromRate, toRate);
  const up = toRate / divisor;
  const down = fromRate / divisor;
  const { taps, phases, coefficients } = createFilter(up, down);

  let history = new Float32Array(taps - 1);
  let window = new Float32Array(0);
  let output = new Float32Array(0);
  let position = 0;

  return (input) => {
    const length = history.length + input.length;
    if (window.length < length) window = new Float32Array(length);
    window.set(history);
    window.set(input, history.length);
    const capacity = Math.ceil((input.length * up) / down) + 1;
    if (output.length < capacity) output = new Float32Array(capacity);

    let count = 0;
    for (;;) {
      const start = Math.floor(position / up);
      if (start >= input.length) break;
      const phase = Math.floor(((position - start * up) * phases) / up);
      let sum = 0;
      for (let tap = 0, at = phase * taps; tap < taps; tap++)
        sum += window[start + tap]! * coefficients[at + tap]!;
      output[count++] = sum;
      position += down;
    }
    position -= input.length * up;
    history = window.slice(input.length, length);
    return output.subarray(0, count);
  };
}

function createFilter(up: number, down: number) {
  const ratio = Math.min(1, up / down);
  const taps = Math.ceil(TAPS / ratio);
  const phases = Math.min(up, MAX_PHASES);
  const coefficients = new Float32Array(phases * taps);
  const center = taps / 2 - 1;
  for (let phase = 0; phase < phases; phase++) {
    const offset = center + phase / phases;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - offset;
      const value = sinc(distance * ratio * CUTOFF) * hann(distance / (taps / 2));
      coefficients[phase * taps + tap] = value;
      sum += value;
    }
    for (let tap = 0; tap < taps; tap++) coefficients[phase * taps + tap]! /= sum;
  }
  return { taps, phases, coefficients };
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function hann(x: number): number {
  return Math.abs(x) >= 1 ? 0 : 0.5 + 0.5 * Math.cos(Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
