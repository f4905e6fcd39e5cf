package io.sppostream.cli;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Checks a folder before the work whose results it takes. */
final class OutputDirectory {
    private OutputDirectory() {}

    /**
     * Creates a folder if it is missing, and checks that this process can write to it.
     *
     * @param option what the user changes if not, such as {@code --output}
     * @throws UserException if the folder cannot be written
     */
    static void requireWritable(Path directory, String option) {
        try {
            Files.createDirectories(directory);
            Files.delete(Files.createTempFile(directory, ".writable", null));
        } catch (FileAlreadyExistsException e) {
            throw new UserException(option + ": " + e.getFile() + " is a file, not a folder: give another");
        } catch (IOException e) {
            String reason = e instanceof FileSystemException failure && failure.getReason() != null
                    ? failure.getReason()
                    : "permission denied";
            throw new UserException(option + ": " + directory.toAbsolutePath() + " cannot be written (" + reason
                    + "): give a folder that this user may write to");
        }
    }

    /** Whether there is anything in a folder; not if it does not exist. */
    static boolean hasFiles(Path directory) {
        if (!Files.isDirectory(directory)) {
            return false;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isPresent();
        } catch (IOException e) {
            throw new UserException(directory.toAbsolutePath() + " cannot be read: " + e.getMessage());
        }
    }
}
