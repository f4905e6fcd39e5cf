package io.sppostream.verify.math;

import org.jspecify.annotations.Nullable;

/**
 * A verdict on one response.
 *
 * @param status what it came to
 * @param extracted the span of the response that was judged, null where there was none
 * @param rule the rule that decided, for example {@code integer}, {@code interval} or {@code closed-form-120-digits}
 */
public record Grade(GradeStatus status, @Nullable String extracted, String rule) {}
