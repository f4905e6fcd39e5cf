package io.sppostream.verify.math;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Whether a reference answer is fit to judge responses by. One that is not belongs in quarantine: no response to its
 * problem can earn a reward that means anything.
 *
 * @param wellFormed whether it is
 * @param reason why not: {@code unparseable}, {@code not-its-own-answer} or {@code float-rounded}; empty where it is
 * @param detail the rule or parse failure behind the reason
 */
public record ReferenceCheck(boolean wellFormed, String reason, String detail) {
    private static final Pattern FLOAT_INTEGER = Pattern.compile("-?\\d{16,400}");

    private static final Pattern FLOAT_DECIMAL = Pattern.compile("-?\\d{1,17}\\.\\d{15,18}");

    /** Checks a reference under the {@link GradingProfile#MATH} profile. */
    public static ReferenceCheck check(String reference) {
        return check(new MathGrader(GradingProfile.MATH), reference);
    }

    /** Checks a reference under a grader's profile. */
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
     * Whether the digits are those of a 64-bit float rather than of an answer: an integer beyond 2^53 with 16 significant
     * digits or more that a float happens to hold exactly, or a decimal of 15 places or more that a float prints so.
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
