package io.sppostream.verify.math.number;

/**
 * The work that one grade may still do. A step is about a microsecond of big-number arithmetic. Steps are counted rather
 * than timed, so that a grade is the same on every machine and under any load. Not thread-safe.
 */
public final class StepBudget {
    /** The steps of one grade. */
    static final long STEPS_PER_GRADE = 8_000;

    private long left = STEPS_PER_GRADE;

    /**
     * Takes steps from the budget.
     *
     * @throws Undecided if there are not enough left
     */
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

    /** Charges a division or greatest common divisor, which is quadratic in the larger operand. */
    void spendDivision(long firstBits, long secondBits) {
        long words = Math.max(firstBits, secondBits) >> 5;
        spend(1 + words * words / 200);
    }
}
