package io.sppostream.evaluation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sppostream.log.LockFile;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The folder of an evaluation: {@code samples/BENCHMARK.jsonl}, with the settings that they were sampled with beside them in
 * {@code samples/BENCHMARK.settings.json}, and {@code results/MODEL/results_TIME.json}. One process at a time may use it.
 */
public final class EvaluationFolder implements AutoCloseable {
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path folder;
    private final LockFile lock;

    private EvaluationFolder(Path folder, LockFile lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /**
     * Opens a folder; creates it if it is missing.
     *
     * @throws UserException if another process uses it, or it cannot be written
     */
    public static EvaluationFolder open(Path folder) {
        try {
            Files.createDirectories(folder.resolve("samples"));
            LockFile lock = LockFile.tryLock(folder.resolve("lock"));
            if (lock == null) {
                throw new UserException("another evaluation is writing to " + folder + ": wait for it, or give another"
                        + " folder as --out");
            }
            return new EvaluationFolder(folder, lock);
        } catch (IOException e) {
            throw new UserException("cannot write to " + folder + " (" + LogException.reason(e)
                    + "): give a folder that this user may write to as --out");
        }
    }

    /**
     * Opens the samples of a benchmark.
     *
     * @param settings all that a sample depends on besides its problem and its index, by name
     * @param overwrite whether samples of other settings are replaced; they are refused otherwise
     * @throws UserException if the samples in the folder have other settings
     */
    public SampleFile samples(String benchmark, SortedMap<String, String> settings, boolean overwrite) {
        Path file = folder.resolve("samples").resolve(benchmark + ".jsonl");
        Path beside = folder.resolve("samples").resolve(benchmark + ".settings.json");
        try {
            if (Files.exists(file) && !differences(beside, settings).isEmpty()) {
                if (!overwrite) {
                    throw new UserException(folder + " has samples of " + benchmark + " with other settings ("
                            + String.join(", ", differences(beside, settings))
                            + "): give another folder as --out, or --overwrite to sample again");
                }
                Files.delete(file);
            }
            write(beside, JSON.writeValueAsString(settings));
        } catch (IOException e) {
            throw new UserException("cannot write to " + folder + ": " + LogException.reason(e));
        }
        return SampleFile.open(file);
    }

    private static List<String> differences(Path file, SortedMap<String, String> settings) throws IOException {
        SortedMap<String, String> recorded = new TreeMap<>();
        if (Files.exists(file)) {
            try {
                recorded.putAll(JSON.readValue(file.toFile(), new TypeReference<TreeMap<String, String>>() {}));
            } catch (JsonProcessingException e) {
                throw new UserException(file + " is damaged: " + e.getOriginalMessage());
            }
        }
        TreeSet<String> names = new TreeSet<>(recorded.keySet());
        names.addAll(settings.keySet());
        List<String> differences = new ArrayList<>();
        for (String name : names) {
            String before = recorded.getOrDefault(name, "none");
            String now = settings.getOrDefault(name, "none");
            if (!before.equals(now)) {
                differences.add(name + " = " + before + " then, " + now + " now");
            }
        }
        return differences;
    }

    /**
     * Writes the results.
     *
     * @param model name of the model. The parts of {@code org/model}, or of a path, name folders within that of the results
     * @param time of the evaluation, for the file's name
     * @return the file
     */
    public Path writeResults(String model, String time, JsonNode results) {
        Path file = folder.resolve("results");
        for (String part : model.replaceAll("[^\\w./-]", "_").split("/", -1)) {
            if (!part.isEmpty() && !part.matches("\\.+")) {
                file = file.resolve(part);
            }
        }
        file = file.resolve("results_" + time + ".json");
        try {
            Files.createDirectories(file.getParent());
            write(file, JSON.writeValueAsString(results));
        } catch (IOException e) {
            throw new UserException("the results can't be written to " + file + ": " + LogException.reason(e));
        }
        return file;
    }

    /** Replaces a file in one step. */
    private static void write(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(draft, text + "\n");
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        lock.close();
    }
}
