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
 * A small file that one holder at a time has locked. The operating system gives the lock up with the process, so that a
 * kill -9 leaves nothing to clean; the file stays, as removing it would let two processes lock two files of one name.
 */
public final class LockFile implements AutoCloseable {
    /** Locks are the process's: to open and close a file that it has locked would give the lock up unnoticed. */
    private static final Map<Path, LockFile> HELD_HERE = new HashMap<>();

    private final Path path;
    private final FileChannel channel;

    private LockFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Locks a file, which is created where it is missing; null where another holds it, in this process or elsewhere. */
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

    /** What is in a file, whoever holds it. */
    public static synchronized String read(Path file) throws IOException {
        LockFile held = HELD_HERE.get(file.toAbsolutePath().normalize());
        return held == null ? Files.readString(file) : held.read();
    }

    /** What is in the file; empty at first. */
    public String read() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        channel.read(bytes, 0);
        return new String(bytes.array(), UTF_8);
    }

    /** Replaces what is in the file. */
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
                // The lock goes with the process at the latest.
            }
        }
    }
}
