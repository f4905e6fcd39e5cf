package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A small text file that one holder at a time has locked. The operating system releases the lock when the process ends,
 * so a kill -9 leaves nothing to clean up. The file itself is never removed: otherwise two processes could each lock a
 * different file under the same name. Thread-safe, except for {@link #write} alongside reads.
 */
public final class LockFile implements AutoCloseable {
    /** Locks belong to the process: closing any other channel of a locked file would release its lock unnoticed. */
    private static final Map<Path, LockFile> HELD_HERE = new HashMap<>();

    private final Path path;
    private final FileChannel channel;

    private LockFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Locks a file, creating it if it is missing; null if it is held already, by this process or another. */
    public static synchronized @Nullable LockFile tryLock(Path file) throws IOException {
        Path path = file.toAbsolutePath().normalize();
        if (HELD_HERE.containsKey(path)) {
            return null;
        }
        FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                LockFile held = new LockFile(path, channel);
                HELD_HERE.put(path, held);
                return held;
            }
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return null;
    }

    /** The text of a file, whoever holds its lock. */
    public static synchronized String read(Path file) throws IOException {
        LockFile held = HELD_HERE.get(file.toAbsolutePath().normalize());
        return held == null ? Files.readString(file) : held.read();
    }

    /** The text of the file; empty if it is new. */
    public String read() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        channel.read(bytes, 0);
        return new String(bytes.array(), UTF_8);
    }

    /** Replaces the text of the file. */
    public void write(String text) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    @Override
    public void close() {
        synchronized (LockFile.class) {
            HELD_HERE.remove(path);
            try {
                channel.close();
            } catch (IOException ignored) {
                // The operating system releases the lock when the process ends.
            }
        }
    }
}
