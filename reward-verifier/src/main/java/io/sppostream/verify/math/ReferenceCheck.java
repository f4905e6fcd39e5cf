package io.sppostream.verify.math;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Checks whether a reference answer is fit to judge responses by. No response to a problem with an unfit reference can
 * earn a meaningful reward.
 *
 * @param wellFormed whether the reference is fit
 * @param reason why it is unfit: {@code unparseable}, {@code not-its-own-answer} or {@code float-rounded}; empty if fit
 * @param detail the rule or parse failure behind the reason
 */
public record ReferenceCheck(boolean wellFormed, String reason, String detail) {
    private static final Pattern FLOAT_INTEGER = Pattern.compile("-?\\d{16,400}");

    private static final Pattern FLOAT_DECIMAL = Pattern.compile("-?\\d{1,17}\\.\\d{15,18}");

    /** Checks a reference under the {@link GradingProfile#MATH} profile. */
    public static ReferenceCheck check(String reference) {
        return check(new MathGrader(GradingProfile.MATH), reference);
    }

    /** Checks a reference under the profile of a grader. */
    public static ReferenceCheck check(MathGrader grader, String reference) {
        String failure = grader.referenceFailure(reference);
        if (failure != null) {
            return new ReferenceCheck(false, "unparseable", failure);
        }
        String number = reference.strip();
        if (isFloatRounded(number)) {
            return new ReferenceCheck(false, "float-rounded", "digits-of-a-float");
        }
        Grade own = grader.gradePrediction(reference, reference);
        return own.status() == GradeStatus.CORRECT
                ? new ReferenceCheck(true, "", own.rule())
                : new ReferenceCheck(false, "not-its-own-answer", own.rule());
    }

    /**
     * Whether a number has the digits of a rounded 64-bit float: an integer beyond 2^53 with 16 or more significant
     * digits that a float holds exactly, or a decimal with 15 or more places that equals its float as printed.
     */
    private static boolean isFloatRounded(String number) {
        if (FLOAT_DECIMAL.matcher(number).matches()) {
            return Double.toString(Double.parseDouble(number)).equals(number);
        }
        if (!FLOAT_INTEGER.matcher(number).matches()) {
            return false;
        }
        BigDecimal exact = new BigDecimal(number);
        double nearest = exact.doubleValue();
        return exact.stripTrailingZeros().precision() >= 16
                && exact.toBigInteger().bitLength() > 53
                && Double.isFinite(nearest)
                && new BigDecimal(nearest).compareTo(exact) == 0;
    }
}
