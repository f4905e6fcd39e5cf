package io.sppostream.verify.math;

import org.jspecify.annotations.Nullable;

/**
 * The result of grading one answer.
 *
 * @param status the typed result
 * @param extracted the candidate answer that was graded; null if there was none
 * @param rule id of the rule that decided, for example {@code integer}, {@code interval} or {@code
 *     closed-form-120-digits}
 */
public record Grade(GradeStatus status, @Nullable String extracted, String rule) {}
