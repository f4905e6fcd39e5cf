package io.sppostream.history.audit;

import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One property that a log must have, and the findings against it. Not thread-safe. */
final class Check {
    private final String name;
    private final String claim;
    private String summary = "";
    private long count;
    private @Nullable Finding first;

    /**
     * @param name what is checked, in one word
     * @param claim the property, in words
     */
    Check(String name, String claim) {
        this.name = name;
        this.claim = claim;
    }

    /** Adds a finding. The first finding is the one of the earliest step, and the earliest added of that step. */
    void add(Finding finding) {
        count++;
        if (first == null || finding.step() < first.step()) {
            first = finding;
        }
    }

    /** Adds a finding that stands for several of its kind. */
    void add(Finding finding, long several) {
        add(finding);
        count += several - 1;
    }

    /** Adds a finding unless a condition holds. */
    void require(boolean condition, Supplier<Finding> otherwise) {
        if (!condition) {
            add(otherwise.get());
        }
    }

    /** Adds the findings of another check of the same property. */
    void add(Check other) {
        Finding theirs = other.first;
        if (theirs != null) {
            add(theirs, other.count);
        }
    }

    /** Sets the text that says how much was checked. */
    void summarize(String format, Object... arguments) {
        summary = String.format(Locale.ROOT, format, arguments);
    }

    AuditReport.Result result() {
        return new AuditReport.Result(name, summary, claim, count, first);
    }
}
