package io.sppostream.feed.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.log.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The problems of a data file.
 *
 * @param file the file
 * @param rows the rows that are problems, in their order
 * @param skipped numbers of the other rows, by what is wrong with them
 */
record FileRows(Path file, List<RowFormat.Row> rows, Map<SkipReason, List<Integer>> skipped) {
    private static final int NAMED = 5;

    /**
     * Reads a file.
     *
     * @param idPrefix in front of the number of a row: its id
     * @throws UserException if the file cannot be read, has no row, or has a row that is refused
     */
    static FileRows read(Path path, String idPrefix, FileDatasetSettings settings) {
        DataFile file = DataFile.of(path);
        Collector collector = new Collector(file, idPrefix, settings);
        file.read(collector);
        if (collector.rows.isEmpty() && collector.skipped.isEmpty()) {
            throw new UserException("dataset " + path
                    + " is empty: it must hold an object per line or row, with a prompt and an answer");
        }
        if (collector.rows.isEmpty()) {
            throw new UserException("dataset " + path + " has no usable row; the first: " + collector.firstError);
        }
        return new FileRows(path, collector.rows, collector.skipped);
    }

    /** Number of rows that were skipped. */
    int skippedRows() {
        return skipped.values().stream().mapToInt(List::size).sum();
    }

    /** The rows that were skipped, counted by reason and named. */
    String describeSkipped() {
        return skipped.entrySet().stream()
                .map(entry -> entry.getKey().label() + ": " + entry.getValue().size() + " (" + numbers(entry.getValue())
                        + ")")
                .collect(Collectors.joining(", "));
    }

    private static String numbers(List<Integer> rows) {
        return (rows.size() == 1 ? "row " : "rows ")
                + rows.stream().limit(NAMED).map(String::valueOf).collect(Collectors.joining(", "))
                + (rows.size() > NAMED ? ", ..." : "");
    }

    /** Sorts the rows of a file. */
    private static final class Collector implements DataFile.RowHandler {
        private final DataFile file;
        private final String idPrefix;
        private final FileDatasetSettings settings;
        private final List<RowFormat.Row> rows = new ArrayList<>();
        private final Map<SkipReason, List<Integer>> skipped = new EnumMap<>(SkipReason.class);
        private @Nullable String firstError;

        Collector(DataFile file, String idPrefix, FileDatasetSettings settings) {
            this.file = file;
            this.idPrefix = idPrefix;
            this.settings = settings;
        }

        @Override
        public void row(int number, JsonNode fields) {
            try {
                RowFormat.Row row = settings.format().read(idPrefix + number, fields);
                settings.limit().require(row.problem());
                rows.add(row);
            } catch (BadRowException e) {
                skip(number, e);
            }
        }

        @Override
        public void malformed(int number, String message) {
            skip(number, new BadRowException(SkipReason.NOT_JSON, message));
        }

        private void skip(int number, BadRowException bad) {
            boolean tooLong = bad.reason() == SkipReason.PROMPT_TOO_LONG;
            String error = file.row(number) + " " + bad.getMessage();
            if (!(tooLong ? settings.limit().skips() : settings.skipsBadRows())) {
                throw new UserException(error + (tooLong ? "" : "; dataset.bad.rows=skip skips such rows"));
            }
            if (firstError == null) {
                firstError = error;
            }
            skipped.computeIfAbsent(bad.reason(), reason -> new ArrayList<>()).add(number);
        }
    }
}
