package io.sppostream.feed.data;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Files of data under one name.
 *
 * @param name name of the dataset that the prompts carry, which chooses their verifier
 * @param location a file, a folder, or a pattern of files such as {@code data/train-*.parquet}
 * @param weight relative share of its problems in training; null if none is given
 */
public record DatasetSource(
        String name, String location, @Nullable Double weight) {
    private static final Pattern WEIGHT = Pattern.compile("(.*)=([0-9.eE+-]+)");
    private static final Pattern DATA_ENDING = Pattern.compile(".*\\.(parquet|jsonl|json|ndjson)");
    private static final Pattern WILDCARDS = Pattern.compile("[*?]+");

    /**
     * Reads the sources of a text such as {@code gsm8k.jsonl=2, math/train-*.parquet=1}. The name of a source is that of
     * its file without the ending or, for a pattern, that of the folder; two that would have the same name have the
     * folder's in front. Opens no file.
     *
     * @throws UserException if the text names no file, two of the same name, or a weight that is not above 0
     */
    public static List<DatasetSource> parse(String text) {
        List<DatasetSource> sources = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            if (!part.isBlank()) {
                sources.add(source(part.strip()));
            }
        }
        if (sources.isEmpty()) {
            throw new UserException("dataset '" + text + "' names no file");
        }
        return distinct(sources);
    }

    private static DatasetSource source(String text) {
        Matcher weighted = WEIGHT.matcher(text);
        if (!weighted.matches()) {
            return new DatasetSource(name(text), text, null);
        }
        double weight;
        try {
            weight = Double.parseDouble(weighted.group(2));
        } catch (NumberFormatException e) {
            return new DatasetSource(name(text), text, null);
        }
        if (!(weight > 0) || Double.isInfinite(weight)) {
            throw new UserException("dataset '" + text + "': the weight must be above 0");
        }
        String location = weighted.group(1).strip();
        return new DatasetSource(name(location), location, weight);
    }

    private static List<DatasetSource> distinct(List<DatasetSource> sources) {
        List<DatasetSource> named = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (DatasetSource source : sources) {
            boolean shared = sources.stream()
                            .filter(other -> other.name.equals(source.name))
                            .count()
                    > 1;
            Path folder = Path.of(source.location).getParent();
            String name = shared && folder != null && folder.getFileName() != null
                    ? folder.getFileName() + "-" + source.name
                    : source.name;
            if (!names.add(name)) {
                throw new UserException("dataset: two files would be called '" + name
                        + "', which must choose their verifiers: rename one, or give a pattern such as data/*.parquet for"
                        + " all");
            }
            named.add(new DatasetSource(name, source.location, source.weight));
        }
        return named;
    }

    /** Name of the dataset of some sources: theirs, joined by +. */
    public static String name(List<DatasetSource> sources) {
        return String.join("+", sources.stream().map(DatasetSource::name).toList());
    }

    private static String name(String location) {
        Path path = Path.of(location);
        String name = String.valueOf(path.getFileName());
        if (WILDCARDS.matcher(name).find()) {
            Path folder = path.getParent();
            return folder == null || folder.getFileName() == null
                    ? WILDCARDS.matcher(withoutEnding(name)).replaceAll("")
                    : folder.getFileName().toString();
        }
        return withoutEnding(name);
    }

    private static String withoutEnding(String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }

    /**
     * The files of this source, in the order of their names.
     *
     * @throws UserException if there are none
     */
    List<Path> files() {
        Path path = Path.of(location);
        Path name = path.getFileName();
        if (Files.isDirectory(path)) {
            return files(path, "*");
        }
        if (name != null && WILDCARDS.matcher(name.toString()).find() && !Files.exists(path)) {
            Path folder = path.getParent();
            return files(folder == null ? Path.of("") : folder, name.toString());
        }
        return List.of(path);
    }

    private List<Path> files(Path folder, String pattern) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> matching = Files.newDirectoryStream(folder, pattern)) {
            for (Path file : matching) {
                String name = String.valueOf(file.getFileName());
                if (Files.isRegularFile(file)
                        && (!pattern.equals("*") || DATA_ENDING.matcher(name).matches())) {
                    files.add(file);
                }
            }
        } catch (IOException | PatternSyntaxException e) {
            throw new UserException("dataset " + location + " can't be read: "
                    + (Files.isDirectory(folder) ? e.getMessage() : "there is no such folder"));
        }
        if (files.isEmpty()) {
            throw new UserException(
                    "dataset " + location + " has no files: it must match files in Parquet, JSON Lines or JSON arrays");
        }
        files.sort(null);
        return files;
    }
}
