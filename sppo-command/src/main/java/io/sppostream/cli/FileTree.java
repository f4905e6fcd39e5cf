package io.sppostream.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder, or a single file, with all that it contains. Links are not followed. */
final class FileTree {
    private FileTree() {}

    /** Bytes in all files; 0 if there is nothing at the path. */
    static long bytes(Path root) throws IOException {
        long bytes = 0;
        for (Path path : paths(root)) {
            if (Files.isRegularFile(path)) {
                bytes += Files.size(path);
            }
        }
        return bytes;
    }

    /** Deletes everything, the root included. */
    static void delete(Path root) throws IOException {
        for (Path path : paths(root)) {
            Files.deleteIfExists(path);
        }
    }

    /** Contents before their folder. */
    private static List<Path> paths(Path root) throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.sorted(Comparator.reverseOrder()).toList();
        }
    }
}
