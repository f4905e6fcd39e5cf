package io.sppostream.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Files of deleted topics. A broker renames the folder of a deleted partition and removes it a minute later, if it still
 * runs then. An embedded broker mostly does not.
 */
public final class DeletedTopics {
    /** {@code topic-partition}, or {@code topic-partition.UUID-delete} once the broker has renamed the folder. */
    private static final Pattern PARTITION = Pattern.compile("(.+)-\\d+(\\.[0-9a-f]{32}-(delete|stray))?");

    private DeletedTopics() {}

    /**
     * Removes the files of deleted topics from a data directory.
     *
     * @param topics names of topics that have been deleted from the cluster
     * @return false if a process runs the broker of that directory, which removes them by itself
     * @throws EmbeddedException if they cannot be removed
     */
    public static boolean purge(Path dataDirectory, Set<String> topics) {
        if (DataDirectory.isInUse(dataDirectory)) {
            return false;
        }
        try (DataDirectory directory = DataDirectory.lock(dataDirectory);
                Stream<Path> folders = Files.list(directory.brokerLogs())) {
            for (Path folder : folders.toList()) {
                Matcher partition = PARTITION.matcher(folder.getFileName().toString());
                if (partition.matches() && topics.contains(partition.group(1))) {
                    delete(folder);
                }
            }
            return true;
        } catch (IOException e) {
            throw new EmbeddedException("files of deleted topics in " + dataDirectory + " cannot be removed: " + e, e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            List<Path> contentsFirst = paths.sorted(Comparator.reverseOrder()).toList();
            for (Path path : contentsFirst) {
                Files.delete(path);
            }
        }
    }
}
