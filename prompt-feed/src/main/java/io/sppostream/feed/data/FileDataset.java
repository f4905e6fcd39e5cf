package io.sppostream.feed.data;

import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads datasets from files: Parquet, JSON Lines and JSON arrays, one or many, mixed by weights. Stateless.
 *
 * <p>Without validation files, the problems whose prompts have the smallest SHA-256 are held out: the same ones whatever
 * the order of the rows and the seed, and every repetition of a prompt with it.
 */
public final class FileDataset {
    /** A mixture whose epoch is longer than this, in problems, has weights that cannot be meant. */
    private static final int LONGEST_EPOCH = 20_000_000;

    private FileDataset() {}

    /** The problems of one source. */
    private record SourceProblems(DatasetSource source, List<RowFormat.Row> rows) {
        List<Problem> problems() {
            return rows.stream().map(RowFormat.Row::problem).toList();
        }
    }

    /** The rows of one source that are trained on, and those that are held out. */
    private record Split(List<RowFormat.Row> training, List<RowFormat.Row> heldOut) {}

    /**
     * Reads a dataset.
     *
     * @throws UserException with the file, the row and the error, if a file cannot be read or a row is refused
     */
    public static Dataset read(FileDatasetSettings settings) {
        List<String> notes = new ArrayList<>();
        List<SourceProblems> all = read(settings.sources(), settings, notes);
        List<SourceProblems> training = all;
        List<SourceProblems> heldOut = new ArrayList<>();
        if (settings.validation().isEmpty()) {
            training = new ArrayList<>();
            int share = (settings.heldOut() + all.size() - 1) / all.size();
            for (SourceProblems one : all) {
                Split split = split(one.rows(), share);
                int left = one.rows().size()
                        - split.training().size()
                        - split.heldOut().size();
                if (left > 0) {
                    notes.add("dataset " + one.source().name() + ": " + left
                            + " rows repeat a held-out prompt and are not trained on");
                }
                training.add(new SourceProblems(one.source(), split.training()));
                heldOut.add(new SourceProblems(one.source(), split.heldOut()));
            }
        } else {
            heldOut = read(settings.validation(), settings, notes);
            noteRepeated(all, heldOut, notes);
        }
        return new Dataset(
                DatasetSource.name(settings.sources()),
                mixed(training, notes),
                interleaved(heldOut),
                notes,
                !settings.shuffles());
    }

    private static List<SourceProblems> read(
            List<DatasetSource> sources, FileDatasetSettings settings, List<String> notes) {
        List<SourceProblems> read = new ArrayList<>();
        for (DatasetSource source : sources) {
            List<RowFormat.Row> rows = new ArrayList<>();
            List<Path> files = source.files();
            for (Path path : files) {
                FileRows file =
                        FileRows.read(path, idPrefix(source, path, sources, files, settings.format()), settings);
                if (file.skippedRows() > 0) {
                    notes.add("dataset " + path + ": skipped " + file.skippedRows() + " of "
                            + (file.skippedRows() + file.rows().size()) + " rows: " + file.describeSkipped());
                }
                rows.addAll(sources.size() == 1 ? file.rows() : of(source, file.rows()));
            }
            read.add(new SourceProblems(source, rows));
        }
        return read;
    }

    /** What makes the numbers of rows unique within a dataset. */
    private static String idPrefix(
            DatasetSource source, Path file, List<DatasetSource> sources, List<Path> files, RowFormat format) {
        return (format.datasetField() != null && sources.size() > 1 ? source.name() + ":" : "")
                + (files.size() > 1 ? file.getFileName() + ":" : "");
    }

    /** The rows of one of several sources: each carries its name, and its accuracy is reported by itself. */
    private static List<RowFormat.Row> of(DatasetSource source, List<RowFormat.Row> rows) {
        return rows.stream()
                .map(row -> new RowFormat.Row(row.problem().of(source.name()), row.question()))
                .toList();
    }

    private static Split split(List<RowFormat.Row> rows, int wanted) {
        int count = Math.min(wanted, (rows.size() + 9) / 10);
        List<RowFormat.Row> heldOut = rows.stream()
                .sorted(Comparator.comparing(row -> Hashes.sha256(row.question())))
                .limit(count)
                .toList();
        Set<String> tested = questions(heldOut);
        List<RowFormat.Row> training =
                rows.stream().filter(row -> !tested.contains(row.question())).toList();
        // A file of one prompt is trained and tested on.
        return training.isEmpty() ? new Split(rows, heldOut) : new Split(training, heldOut);
    }

    private static Set<String> questions(List<RowFormat.Row> rows) {
        return rows.stream().map(RowFormat.Row::question).collect(Collectors.toCollection(HashSet::new));
    }

    private static void noteRepeated(List<SourceProblems> training, List<SourceProblems> heldOut, List<String> notes) {
        Set<String> tested = new HashSet<>();
        heldOut.forEach(part -> tested.addAll(questions(part.rows())));
        long repeated = training.stream()
                .flatMap(part -> part.rows().stream())
                .filter(row -> tested.contains(row.question()))
                .count();
        if (repeated > 0) {
            notes.add("dataset: " + repeated + " training rows have a prompt that the validation files have too");
        }
    }

    /**
     * The training problems of all sources, repeated so that each source has its share. An epoch has each problem at least
     * once, and is as short as that allows.
     */
    private static List<Problem> mixed(List<SourceProblems> parts, List<String> notes) {
        if (parts.stream().allMatch(part -> part.source().weight() == null)) {
            return parts.stream().flatMap(part -> part.problems().stream()).toList();
        }
        double total = parts.stream().mapToDouble(FileDataset::weight).sum();
        double epoch = parts.stream()
                .mapToDouble(part -> part.rows().size() * total / weight(part))
                .max()
                .orElseThrow();
        if (epoch > LONGEST_EPOCH) {
            throw new UserException(String.format(
                    Locale.ROOT,
                    "dataset: with these weights, an epoch that has each problem once has %,.0f problems; give larger"
                            + " weights to large files, or split them",
                    epoch));
        }
        List<Problem> mixed = new ArrayList<>();
        for (SourceProblems part : parts) {
            List<Problem> problems = part.problems();
            long count = Math.round(epoch * weight(part) / total);
            for (int i = 0; i < count; i++) {
                mixed.add(problems.get(i % problems.size()));
            }
            notes.add(String.format(
                    Locale.ROOT,
                    "dataset %s: %,d problems, %.1f %% of the prompts",
                    part.source().name(),
                    problems.size(),
                    100 * weight(part) / total));
        }
        return mixed;
    }

    private static double weight(SourceProblems part) {
        Double weight = part.source().weight();
        return weight == null ? 1 : weight;
    }

    /** Takes turns between the sources, so that any first part of the result has problems of each. */
    private static List<Problem> interleaved(List<SourceProblems> parts) {
        List<Problem> all = new ArrayList<>();
        int longest = parts.stream().mapToInt(part -> part.rows().size()).max().orElse(0);
        for (int i = 0; i < longest; i++) {
            for (SourceProblems part : parts) {
                if (i < part.rows().size()) {
                    all.add(part.rows().get(i).problem());
                }
            }
        }
        return all;
    }
}
