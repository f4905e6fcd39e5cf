package io.sppostream.run;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Checks before any work that its results can be written. */
public final class WritableDirectory {
    private WritableDirectory() {}

    /**
     * Creates a directory if it is missing and writes a file there.
     *
     * @param option the option that names the directory
     * @throws UserException if that fails
     */
    public static void require(Path directory, String option) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(path);
            Files.delete(Files.createTempFile(path, "writable", ".tmp"));
        } catch (IOException e) {
            throw new UserException("cannot write to " + path + " (" + reason(e) + "): give a directory that this user"
                    + " may write to as " + option);
        }
    }

    private static String reason(IOException error) {
        if (error instanceof AccessDeniedException denied) {
            return "no permission for " + denied.getFile();
        }
        if (error instanceof FileAlreadyExistsException exists) {
            return exists.getFile() + " is a file";
        }
        return error instanceof FileSystemException failed
                ? Objects.requireNonNullElse(failed.getReason(), failed.getMessage())
                : String.valueOf(error.getMessage());
    }
}
