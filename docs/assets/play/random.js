// PyTorch's generator on the CPU: the same seed gives the same numbers, in the same order.
//
// The Mersenne Twister of Matsumoto and Nishimura (1998), and how PyTorch 2.13 draws from
// it: whole numbers as a remainder of 32 bits; uniform numbers from 53 bits; normal ones
// by the method of Box and Muller (1958), in blocks of sixteen where there are so many.
// tests/test_play.py holds each of these against PyTorch.

const SIZE = 624;
const MIDDLE = 397;

export class Generator {
  /** @param {number} seed a whole number from 0 to 2**32 - 1 */
  constructor(seed) {
    this.state = new Uint32Array(SIZE);
    this.state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const before = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, before) + i;
    }
    this.next = SIZE;
    /** @type {number | null} the second of a pair of normal numbers, drawn one by one */
    this.second = null;
  }

  /** Another generator that goes on as this one does. */
  copy() {
    const made = new Generator(0);
    made.state.set(this.state);
    made.next = this.next;
    made.second = this.second;
    return made;
  }

  /** 32 random bits. */
  bits() {
    if (this.next === SIZE) this.refill();
    let bits = this.state[this.next++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  refill() {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const joined = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }

  /** A number from [0, 1), as torch.rand draws it in float64. */
  uniform() {
    const high = this.bits() & 0x1fffff; // 21 bits, and 32 below them
    return (high * 2 ** 32 + this.bits()) * 2 ** -53;
  }

  /** A number from [0, 1), as torch.rand draws it in float32. */
  uniform32() {
    return (this.bits() & 0xffffff) * 2 ** -24;
  }

  /**
   * `count` whole numbers from 0 to `below` - 1, as torch.randint draws them.
   * @param {number} below at most 2**28: above that, PyTorch takes 64 bits
   * @param {number} count
   */
  integers(below, count) {
    const drawn = new Int32Array(count);
    for (let i = 0; i < count; i++) drawn[i] = this.bits() % below;
    return drawn;
  }

  /**
   * `count` numbers from a standard normal, as torch.randn draws them in float64.
   * @param {number} count
   */
  normal(count) {
    const drawn = new Float64Array(count);
    if (count < 16) {
      for (let i = 0; i < count; i++) drawn[i] = this.oneNormal();
      return drawn;
    }
    for (let i = 0; i < count; i++) drawn[i] = this.uniform();
    for (let at = 0; at + 16 <= count; at += 16) pairs(drawn, at);
    if (count % 16) {
      // The last sixteen once more: the first of them had been made already.
      for (let i = count - 16; i < count; i++) drawn[i] = this.uniform();
      pairs(drawn, count - 16);
    }
    return drawn;
  }

  oneNormal() {
    if (this.second !== null) {
      const kept = this.second;
      this.second = null;
      return kept;
    }
    const angle = 2 * Math.PI * this.uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform()));
    this.second = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/**
 * Turn sixteen uniform numbers into normal ones, eight pairs of them.
 * @param {Float64Array} drawn
 * @param {number} at where they begin
 */
function pairs(drawn, at) {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - drawn[i]));
    const angle = 2 * Math.PI * drawn[i + 8];
    drawn[i] = radius * Math.cos(angle);
    drawn[i + 8] = radius * Math.sin(angle);
  }
}
