package io.sppostream.compare;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A run of the comparison.
 *
 * @param rate learning rate of the policy; null for the one that the variant or the dataset sets
 * @param seed seed of the run
 */
public record Cell(Variant variant, @Nullable Double rate, long seed) {
    /** The name of the run: the same for the same cell, whatever else is compared. */
    public String run() {
        return "compare-" + variant.slug()
                + (rate == null ? "" : "-" + text(rate).replace('.', '_'))
                + "-s" + seed;
    }

    /** The cell in words. */
    public String label() {
        return variant.name() + (rate == null ? "" : ", rate " + text(rate)) + ", seed " + seed;
    }

    /** A learning rate as 5e-4. */
    static String text(double rate) {
        return new DecimalFormat("0.#########E0", DecimalFormatSymbols.getInstance(Locale.ROOT))
                .format(rate)
                .toLowerCase(Locale.ROOT);
    }
}
