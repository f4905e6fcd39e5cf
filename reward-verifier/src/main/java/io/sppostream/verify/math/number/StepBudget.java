package io.sppostream.verify.math.number;

/**
 * How much work one verdict may still do. A step is about a microsecond of big-number arithmetic, counted rather than
 * timed, so that a verdict is the same on every machine and under any load. Used by one thread at a time.
 */
public final class StepBudget {
    /** The steps of one verdict. */
    static final long STEPS_PER_VERDICT = 8_000;

    private long left = STEPS_PER_VERDICT;

    public void spend(long steps) {
        left -= steps;
        if (left < 0) {
            throw Undecided.budget("steps");
        }
    }

    /** Charges a multiplication of two numbers of these bit lengths. */
    void spendMultiplication(long firstBits, long secondBits) {
        spend(1 + (firstBits >> 6) * (secondBits >> 6) / 2_000);
    }

    /** Charges a greatest common divisor or a division, quadratic in the larger operand. */
    void spendDivision(long firstBits, long secondBits) {
        long words = Math.max(firstBits, secondBits) >> 5;
        spend(1 + words * words / 200);
    }
}
