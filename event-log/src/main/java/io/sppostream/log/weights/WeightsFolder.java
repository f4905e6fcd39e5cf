package io.sppostream.log.weights;

import io.sppostream.events.WeightsFile;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.LogException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder with the versions of a model: a checkpoint in Hugging Face layout for each, in a folder of its own. A version
 * exists once its manifest is committed, which happens after its files are complete. A learner that fails in between
 * leaves a folder that no manifest names, and the next one deletes it. Two learners that write the same version, of which
 * one is fenced, write to different folders.
 *
 * <p>Not thread-safe.
 */
public final class WeightsFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WeightsFolder.class);
    private static final Pattern VERSION = Pattern.compile("\\d{6,}-[0-9a-f]{8}");

    private final Path folder;
    private final Supplier<Map<String, byte[]>> companions;

    /** Hashes what another thread writes at the same time, and deletes old versions. */
    private final ExecutorService worker = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "weights-folder");
        thread.setDaemon(true);
        return thread;
    });

    /** The versions of this learner and of those before it. */
    private List<Path> present;

    private CompletableFuture<Void> deletion = CompletableFuture.completedFuture(null);

    /**
     * The files of a version.
     *
     * @param uri its folder
     */
    record Written(String uri, List<WeightsFile> files) {
        Optional<WeightsFile> file(String name) {
            return files.stream().filter(file -> file.getName().equals(name)).findFirst();
        }
    }

    /**
     * Opens the folder. A learner does so when it has fenced those before it.
     *
     * @param uri the folder of the model's versions; it need not exist. Any folder in it whose name is that of a version
     *     may be deleted
     * @param companions the small files of a checkpoint by name, {@code config.json} among them
     */
    public WeightsFolder(String uri, Supplier<Map<String, byte[]>> companions) {
        this.folder = WeightsFiles.path(uri);
        this.companions = companions;
        this.present = versions();
    }

    /**
     * Writes the files of a version. They are on the disk when this returns.
     *
     * @param optimizer the optimizer's state, for a snapshot; null otherwise
     */
    Written write(int version, WeightsPublisher.Source weights, WeightsPublisher.@Nullable Source optimizer) {
        String attempt = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        Path directory = folder.resolve(String.format(Locale.ROOT, "%06d-%s", version, attempt));
        try {
            Files.createDirectories(directory);
            List<WeightsFile> files = new ArrayList<>();
            files.add(write(directory, WeightsFiles.WEIGHTS, weights));
            if (optimizer != null) {
                files.add(write(directory, WeightsFiles.OPTIMIZER, optimizer));
            }
            for (Map.Entry<String, byte[]> companion : new TreeMap<>(companions.get()).entrySet()) {
                files.add(write(directory, companion.getKey(), channel -> {
                    ByteBuffer bytes = ByteBuffer.wrap(companion.getValue());
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                }));
            }
            force(directory);
            force(folder);
            present = versions();
            return new Written(directory.toUri().toString(), files);
        } catch (IOException e) {
            throw new LogException(
                    "version " + version + " can't be written to " + directory.toUri() + ": " + LogException.reason(e),
                    e);
        }
    }

    private WeightsFile write(Path directory, String name, WeightsPublisher.Source source) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(
                directory.resolve(name), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            HashingChannel hashing = new HashingChannel(channel);
            source.writeTo(hashing);
            if (channel instanceof FileChannel file) {
                file.force(true);
            }
            return hashing.file(name);
        }
    }

    /** Makes the entries of a directory durable, on file systems that have such a thing. */
    private static void force(Path directory) throws IOException {
        if (directory.getFileSystem().equals(FileSystems.getDefault())
                && !System.getProperty("os.name", "").startsWith("Windows")) {
            try (FileChannel channel = FileChannel.open(directory)) {
                channel.force(true);
            }
        }
    }

    /**
     * Deletes versions except some, in the background: only those that were there when this was opened, or when it last
     * wrote. Call it after a commit that came later than both. The commit would have failed if another learner had taken
     * over before, so none of these versions is that learner's.
     */
    void retain(Collection<String> uris) {
        Set<String> names = uris.stream()
                .map(uri -> WeightsFiles.name(WeightsFiles.path(uri)))
                .collect(Collectors.toSet());
        List<Path> superfluous = present.stream()
                .filter(path -> !names.contains(WeightsFiles.name(path)))
                .toList();
        deletion = deletion.thenRunAsync(() -> delete(superfluous), worker);
    }

    private void delete(List<Path> superfluous) {
        for (Path version : superfluous) {
            try {
                delete(version);
            } catch (NoSuchFileException e) {
                // It was deleted before.
            } catch (IOException | UncheckedIOException e) {
                // Harmless: the deletion after the next version includes this one.
                LOG.warn("{} was not deleted: {}", version, LogException.reason(e));
            }
        }
    }

    private List<Path> versions() {
        try (Stream<Path> versions = Files.list(folder)) {
            return versions.filter(
                            path -> VERSION.matcher(WeightsFiles.name(path)).matches())
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of(); // Nothing was written yet.
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("{} can't be listed, so old versions stay: {}", folder, LogException.reason(e));
            return List.of();
        }
    }

    private static void delete(Path version) throws IOException {
        try (Stream<Path> files = Files.list(version)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(version);
    }

    /** Waits until old versions are deleted. */
    @Override
    public void close() {
        deletion.join();
        worker.shutdown();
    }

    /** Computes length and checksums of a file while it is written. */
    private final class HashingChannel implements WritableByteChannel {
        private final WritableByteChannel channel;
        private final MessageDigest sha256 = Hashes.sha256();
        private final java.util.zip.CRC32C crc32c = new java.util.zip.CRC32C();
        private long bytes;

        HashingChannel(WritableByteChannel channel) {
            this.channel = channel;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int length = source.remaining();
            ByteBuffer digested = source.duplicate();
            ByteBuffer checked = source.duplicate();
            CompletableFuture<Void> digest = CompletableFuture.runAsync(() -> sha256.update(digested), worker);
            try {
                crc32c.update(checked);
                while (source.hasRemaining()) {
                    channel.write(source);
                }
            } finally {
                digest.join(); // Afterwards the caller may change the buffer.
            }
            bytes += length;
            return length;
        }

        WeightsFile file(String name) {
            return new WeightsFile(name, bytes, Hashes.hex(sha256), crc32c.getValue());
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() {}
    }
}
