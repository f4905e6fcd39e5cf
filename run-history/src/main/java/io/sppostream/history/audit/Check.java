package io.sppostream.history.audit;

import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One thing that must hold, and what was found to differ from it. For one thread. */
final class Check {
    private final String name;
    private final String claim;
    private String summary = "";
    private long count;
    private @Nullable Difference first;

    /**
     * @param name what is checked, in one word
     * @param claim what holds of it where nothing differs
     */
    Check(String name, String claim) {
        this.name = name;
        this.claim = claim;
    }

    /** Notes a difference; the first is the one of the earliest step, and of these the one found first. */
    void differs(Difference difference) {
        count++;
        if (first == null || difference.step() < first.step()) {
            first = difference;
        }
    }

    /** Notes a difference unless a condition holds. */
    void require(boolean condition, Supplier<Difference> otherwise) {
        if (!condition) {
            differs(otherwise.get());
        }
    }

    /** Takes over what another check of the same thing has found. */
    void add(Check other) {
        Difference theirs = other.first;
        if (theirs != null) {
            differs(theirs);
            count += other.count - 1;
        }
    }

    /** Says how much was looked at. */
    void sumUp(String format, Object... arguments) {
        summary = String.format(Locale.ROOT, format, arguments);
    }

    AuditReport.Result result() {
        return new AuditReport.Result(name, summary, claim, count, first);
    }
}
