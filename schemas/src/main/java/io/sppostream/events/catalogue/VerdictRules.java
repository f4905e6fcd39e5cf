package io.sppostream.events.catalogue;

import io.sppostream.events.Verdict;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How much text a verdict may carry. Any program may write to {@code verdicts}, and a response that repeats itself for
 * megabytes may be the answer that a verifier extracts. Longer text is cut with a mark ({@link BoundedText}): it explains
 * a verdict, and nothing is computed from it.
 */
public final class VerdictRules {
    /** Most characters kept of the extracted answer, and of the value of a setting. */
    public static final int MAX_EXTRACTED = 1_000;

    /** Most characters kept of a rule, of a version, and of the name of a setting. */
    public static final int MAX_RULE = 200;

    /** Most settings kept. */
    public static final int MAX_SETTINGS = 100;

    private VerdictRules() {}

    /** An extracted answer within bounds. */
    public static @Nullable String extracted(@Nullable String extracted) {
        return extracted == null ? null : BoundedText.of(extracted, MAX_EXTRACTED);
    }

    /** A rule within bounds. */
    public static String rule(String rule) {
        return BoundedText.of(rule, MAX_RULE);
    }

    /** The verdict as the join takes it: itself if its text is within bounds, as nearly always; otherwise cut. */
    public static Verdict bounded(Verdict verdict) {
        String extracted = verdict.getExtracted();
        boolean fits = (extracted == null || extracted.length() <= MAX_EXTRACTED)
                && verdict.getRule().length() <= MAX_RULE
                && verdict.getVerifierVersion().length() <= MAX_RULE
                && fits(verdict.getSettings());
        return fits
                ? verdict
                : new Verdict(
                        verdict.getRolloutId(),
                        verdict.getRequestId(),
                        verdict.getVerifier(),
                        BoundedText.of(verdict.getVerifierVersion(), MAX_RULE),
                        verdict.getStatus(),
                        verdict.getReward(),
                        extracted(extracted),
                        rule(verdict.getRule()),
                        verdict.getJudgedAt(),
                        bounded(verdict.getSettings()),
                        verdict.getShadow());
    }

    private static boolean fits(Map<String, String> settings) {
        return settings.size() <= MAX_SETTINGS
                && settings.entrySet().stream()
                        .allMatch(each -> each.getKey().length() <= MAX_RULE
                                && each.getValue().length() <= MAX_EXTRACTED);
    }

    private static Map<String, String> bounded(Map<String, String> settings) {
        Map<String, String> bounded = new TreeMap<>();
        new TreeMap<>(settings)
                .entrySet().stream()
                        .limit(MAX_SETTINGS)
                        .forEach(each -> bounded.put(
                                BoundedText.of(each.getKey(), MAX_RULE),
                                BoundedText.of(each.getValue(), MAX_EXTRACTED)));
        return bounded;
    }
}
