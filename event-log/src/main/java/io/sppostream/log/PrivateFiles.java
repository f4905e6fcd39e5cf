package io.sppostream.log;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files that other users of the machine cannot read or write, where the file system has permissions. Stateless. */
public final class PrivateFiles {
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final Set<PosixFilePermission> OF_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OF_FILE = PosixFilePermissions.fromString("rw-------");

    private PrivateFiles() {}

    /**
     * Creates a directory for this user only, and its parents as usual. An existing one is left as it is.
     *
     * @throws FileAlreadyExistsException if it is a file
     */
    public static void createDirectory(Path directory) throws IOException {
        Path path = directory.toAbsolutePath().normalize();
        if (Files.isDirectory(path)) {
            return;
        }
        if (path.getParent() != null) {
            Files.createDirectories(path.getParent());
        }
        try {
            Files.createDirectory(path, permissions(OF_DIRECTORY));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(path)) { // another process may have been faster
                throw e;
            }
        }
    }

    /**
     * Takes the permissions of all other users away from an existing directory.
     *
     * @return whether there were any
     */
    public static boolean tighten(Path directory) throws IOException {
        if (!POSIX || OF_DIRECTORY.containsAll(Files.getPosixFilePermissions(directory))) {
            return false;
        }
        Files.setPosixFilePermissions(directory, OF_DIRECTORY);
        return true;
    }

    /** Writes a file in one step. No other user can read it at any time. */
    public static void write(Path file, String text) throws IOException {
        Path draft = Files.createTempFile(
                file.toAbsolutePath().getParent(), String.valueOf(file.getFileName()), ".tmp", permissions(OF_FILE));
        try {
            Files.writeString(draft, text);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** Whether another user may read or write a file. */
    public static boolean isExposed(Path file) throws IOException {
        return POSIX && !OF_DIRECTORY.containsAll(Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
    }

    private static FileAttribute<?>[] permissions(Set<PosixFilePermission> permissions) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }
}
