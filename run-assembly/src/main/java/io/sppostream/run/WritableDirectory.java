package io.sppostream.run;

import io.sppostream.log.PrivateFiles;
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
        require(directory, option, Files::createDirectories);
    }

    /** The same for a directory that other users must not read: a new one is created for this user only. */
    public static void requirePrivate(Path directory, String option) {
        require(directory, option, PrivateFiles::createDirectory);
    }

    /** Creates a directory if it is missing. */
    private interface Creation {
        void create(Path directory) throws IOException;
    }

    private static void require(Path directory, String option, Creation creation) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            creation.create(path);
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
            return exists.getFile() + " is a file, not a folder";
        }
        return error instanceof FileSystemException failed
                ? Objects.requireNonNullElse(failed.getReason(), failed.getMessage())
                : String.valueOf(error.getMessage());
    }
}
