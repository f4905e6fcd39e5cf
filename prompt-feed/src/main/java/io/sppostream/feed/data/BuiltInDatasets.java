package io.sppostream.feed.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The datasets that are made in this module, by name. */
public final class BuiltInDatasets {
    private static final Map<String, Supplier<Dataset>> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put(Addition.NAME, Addition::twoDigits);
        BY_NAME.put(Addition.ONE_DIGIT, Addition::oneDigit);
        BY_NAME.put(Arithmetic.NAME, Arithmetic::dataset);
        BY_NAME.put(Ledger.NAME, Ledger::dataset);
        BY_NAME.put(KnightsAndKnaves.NAME, KnightsAndKnaves::dataset);
        BY_NAME.put(KnightsAndKnavesText.NAME, KnightsAndKnavesText::dataset);
    }

    private BuiltInDatasets() {}

    /** The names of all built-in datasets. */
    public static List<String> names() {
        return List.copyOf(BY_NAME.keySet());
    }

    /** Makes a dataset; empty if there is no built-in one of that name. */
    public static Optional<Dataset> make(String name) {
        return Optional.ofNullable(BY_NAME.get(name)).map(Supplier::get);
    }
}
