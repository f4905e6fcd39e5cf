package io.sppostream.log.weights;

import io.sppostream.events.WeightsFile;
import io.sppostream.events.WeightsManifest;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Reads the files of a version that is stored in a folder. The folder is on any file system that Java has a provider for:
 * {@code file:} is built in, and a provider on the class path adds others, such as {@code s3:}. Stateless.
 */
public final class WeightsFiles {
    /** The weights, as transformers names them. */
    public static final String WEIGHTS = "model.safetensors";

    /** The state of the optimizer, of snapshots only. */
    public static final String OPTIMIZER = "optimizer.safetensors";

    /** How a URI begins; a single letter is a drive. */
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:");

    /** Bytes that are read at once: the checksum then finds them in the processor's cache. */
    private static final int READ_BYTES = 1 << 20;

    private WeightsFiles() {}

    /** Whether the version is stored in a folder, rather than on the weights topic. */
    public static boolean has(WeightsManifest manifest) {
        return manifest.getUri() != null;
    }

    /**
     * The folder of a version.
     *
     * @throws IllegalArgumentException if the bytes of the version are on the weights topic
     * @throws UserException if no provider for the URI is on the class path
     */
    public static Path folder(WeightsManifest manifest) {
        String uri = manifest.getUri();
        if (uri == null) {
            throw new IllegalArgumentException("version " + manifest.getVersion() + " is on the weights topic");
        }
        return path(uri);
    }

    /**
     * The path of a URI, or of a text that is one.
     *
     * @throws UserException if it is not the URI of a folder, or no provider for it is on the class path
     */
    static Path path(String text) {
        try {
            if (!SCHEME.matcher(text).lookingAt()) {
                return Path.of(text).toAbsolutePath();
            }
            URI uri = URI.create(text);
            try {
                return Path.of(uri);
            } catch (FileSystemNotFoundException e) {
                return open(uri);
            }
        } catch (IllegalArgumentException | IOException | UnsupportedOperationException | SecurityException e) {
            throw new UserException("'" + text + "' is not the URI of a folder, such as file:///data/weights: "
                    + LogException.reason(e));
        }
    }

    /** Opens the file system of a URI whose provider does not do so by itself. */
    private static Path open(URI uri) throws IOException {
        try {
            FileSystems.newFileSystem(uri, Map.of());
        } catch (FileSystemAlreadyExistsException e) {
            // Another thread was faster.
        } catch (java.nio.file.ProviderNotFoundException e) {
            throw new UserException("no file system for '" + uri.getScheme() + ":' is on the class path; see "
                    + "docs/models.md for how to add one");
        }
        return Path.of(uri);
    }

    /**
     * A file of a version.
     *
     * @throws LogException if the manifest does not name it
     */
    static WeightsFile named(WeightsManifest manifest, String name) {
        return manifest.getFiles().stream()
                .filter(file -> file.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> corrupt(manifest, "its manifest names no " + name));
    }

    /**
     * Reads a file and checks its length and its CRC-32C on the way.
     *
     * @return false if the file does not exist. The sink was not called
     * @throws LogException if the file is damaged. The sink may have been called
     */
    static boolean read(WeightsManifest manifest, String name, WeightsFollower.Sink sink) {
        WeightsFile file = named(manifest, name);
        Path path = folder(manifest).resolve(name);
        boolean opened = false;
        try (SeekableByteChannel channel = Files.newByteChannel(path)) {
            long bytes = channel.size();
            opened = true;
            if (bytes != file.getBytes()) {
                throw corrupt(manifest, path + " has " + bytes + " bytes, its manifest says " + file.getBytes());
            }
            CheckedChannel checked = new CheckedChannel(channel);
            try {
                sink.readFrom(checked);
            } catch (RuntimeException e) {
                // A damaged header makes readers fail in ways that hide the damage.
                checked.drain();
                checked.require(manifest, path, file);
                throw e;
            }
            checked.drain();
            checked.require(manifest, path, file);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            if (!opened && isMissing(path)) {
                return false;
            }
            throw new LogException(what(manifest) + path + ": " + LogException.reason(e), e);
        }
    }

    /**
     * Whether a file that can't be opened does not exist. A bucket's provider reports a missing object like any other
     * failure, but its listing tells.
     */
    private static boolean isMissing(Path path) {
        try (Stream<Path> files = Files.list(path.toAbsolutePath().getParent())) {
            return files.noneMatch(file -> name(file).equals(name(path)));
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    /** The last name of a path. Buckets end those of folders with a slash. */
    static String name(Path path) {
        return String.valueOf(path.getFileName()).replace("/", "");
    }

    static LogException corrupt(WeightsManifest manifest, String what) {
        return new LogException(what(manifest) + what);
    }

    private static String what(WeightsManifest manifest) {
        return manifest.getUri() + ": version " + manifest.getVersion() + " can't be read: ";
    }

    /** Computes the checksum of what is read. */
    private static final class CheckedChannel implements ReadableByteChannel {
        private final ReadableByteChannel channel;
        private final CRC32C checksum = new CRC32C();

        CheckedChannel(ReadableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            ByteBuffer part = target.slice();
            part.limit(Math.min(part.remaining(), READ_BYTES));
            int read = channel.read(part);
            if (read > 0) {
                checksum.update(part.flip());
                target.position(target.position() + read);
            }
            return read;
        }

        /** Reads what the sink has left. */
        void drain() throws IOException {
            ByteBuffer rest = ByteBuffer.allocate(1 << 16);
            while (read(rest) >= 0) {
                rest.clear();
            }
        }

        void require(WeightsManifest manifest, Path path, WeightsFile file) {
            if (checksum.getValue() != file.getCrc32c()) {
                throw corrupt(manifest, path + " fails its CRC-32C: the file is damaged");
            }
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() {}
    }
}
