package io.sppostream.history.export;

import io.sppostream.events.WeightsFile;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import io.sppostream.log.weights.WeightsFiles;
import io.sppostream.log.weights.WeightsFollower;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CheckpointException;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.models.Models;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a policy version of a run as a checkpoint that transformers loads: the weights as they were published, from the
 * weights topic or a folder; configuration, tokenizer, generation configuration and chat template.
 */
public final class CheckpointExport {
    private static final Duration POLL_TIMEOUT = Duration.ofSeconds(10);
    private static final int BUFFER = 1 << 20;

    /** Files of a version in a folder that are not part of a checkpoint, or are written separately. */
    private static final Set<String> SEPARATE = Set.of(WeightsFiles.WEIGHTS, WeightsFiles.OPTIMIZER);

    private final RecordedRun run;

    public CheckpointExport(RecordedRun run) {
        this.run = run;
    }

    /**
     * Writes a version.
     *
     * @param version null for the last one
     * @param tokenizer checkpoint folder to take the tokenizer from; null for that of the run
     * @param merge whether to merge the adapters of a run that trains such into the weights; otherwise they are written by
     *     themselves, in the format of PEFT
     * @param directory new or empty
     * @return the manifest of the version
     * @throws UserException if the run does not have the version any more, or the folder has files
     * @throws LogException if the weights are damaged
     */
    public WeightsManifest write(@Nullable Integer version, @Nullable Path tokenizer, boolean merge, Path directory) {
        WeightsManifest manifest = RetainedVersions.of(run.log()).get(version);
        requireEmpty(directory);
        RunSettings settings = settings();
        if (settings.policyPlacement().adapter() != null) {
            writeAdapters(manifest, settings, tokenizer, merge, directory);
            return manifest;
        }
        if (merge) {
            throw new UserException(
                    "the run trains all weights, so there are no adapters to merge: export it without" + " --merge");
        }
        Map<String, byte[]> companions = companions(manifest, tokenizer);
        try {
            Files.createDirectories(directory);
            for (Map.Entry<String, byte[]> file : companions.entrySet()) {
                Files.write(directory.resolve(file.getKey()), file.getValue());
            }
            // The name of a checkpoint's weights appears when they are complete.
            Path partial = directory.resolve(WeightsFiles.WEIGHTS + ".partial");
            fetch(manifest, partial);
            Files.move(partial, directory.resolve(WeightsFiles.WEIGHTS), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UserException("the checkpoint can't be written to " + directory + ": " + LogException.reason(e));
        }
        return manifest;
    }

    /**
     * A policy version, loaded.
     *
     * @param manifest of the version
     * @param model closed by the caller
     * @param tokenizer closed by the caller
     */
    public record LoadedPolicy(WeightsManifest manifest, PolicyModel model, Tokenizer tokenizer) {}

    /**
     * Loads a version for sampling.
     *
     * @param version null for the last one
     * @param placement device and precision, given those of the run
     * @throws UserException if the run does not have the version any more
     * @throws LogException if the weights are damaged
     */
    public LoadedPolicy load(@Nullable Integer version, UnaryOperator<ModelSettings> placement) {
        WeightsManifest manifest = RetainedVersions.of(run.log()).get(version);
        RunSettings settings = settings();
        Checkpoint start = Models.policy(settings);
        PolicyModel model = PolicyModel.forSampling(start, placement.apply(settings.rolloutPlacement()));
        try {
            fetch(manifest, model::readWeights);
            return new LoadedPolicy(manifest, model, start.tokenizer());
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Loads the base model and the adapters, and writes either the adapters or the merged model. */
    private void writeAdapters(
            WeightsManifest manifest, RunSettings settings, @Nullable Path tokenizer, boolean merge, Path directory) {
        Checkpoint base = Models.policy(settings);
        try (PolicyModel policy = PolicyModel.load(base, settings.policyPlacement())) {
            fetch(manifest, policy::readWeights);
            if (merge) {
                policy.save(directory, tokenizer == null ? base : Checkpoint.open(tokenizer));
            } else {
                policy.saveAdapter(directory, base.directory().toString());
            }
        }
    }

    /**
     * Passes on the weights of a version.
     *
     * @throws UserException if they have been deleted
     * @throws LogException if they are not those of the manifest; the sink has them then
     */
    private void fetch(WeightsManifest manifest, WeightsFollower.Sink sink) {
        MessageDigest sha256 = Hashes.sha256();
        try (WeightsFollower weights = new WeightsFollower(run.log(), ModelKind.POLICY, manifest.getVersion())) {
            weights.poll(POLL_TIMEOUT); // The versions that a delta builds on.
            if (!weights.fetch(manifest, in -> sink.readFrom(new DigestedChannel(in, sha256)))) {
                throw new UserException("the weights of policy version " + manifest.getVersion()
                        + " have just been deleted; export a newer one");
            }
        }
        String found = Hashes.hex(sha256);
        if (!found.equals(manifest.getSha256())) {
            throw new LogException("version " + manifest.getVersion()
                    + " can't be exported: its weights have the SHA-256 " + found + ", its manifest says "
                    + manifest.getSha256());
        }
    }

    private RunSettings settings() {
        return Configuration.recorded(run.lastTrained().getConfiguration(), Map.of(), Map.of())
                .settings();
    }

    private static void requireEmpty(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.list(directory)) {
            if (files.findAny().isPresent()) {
                throw new UserException(directory + " is not empty: give a new folder as --out");
            }
        } catch (IOException e) {
            throw new UserException(directory + " can't be read as a folder: " + LogException.reason(e));
        }
    }

    /** Writes the weights; a file that is not complete is deleted. */
    private void fetch(WeightsManifest manifest, Path file) throws IOException {
        boolean complete = false;
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            fetch(manifest, in -> copy(in, out));
            complete = true;
        } finally {
            if (!complete) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static void copy(ReadableByteChannel in, FileChannel out) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        while (in.read(buffer.clear()) >= 0) {
            buffer.flip();
            while (buffer.hasRemaining()) {
                out.write(buffer);
            }
        }
    }

    private Map<String, byte[]> companions(WeightsManifest manifest, @Nullable Path tokenizer) {
        boolean stored =
                manifest.getFiles().stream().anyMatch(file -> file.getName().equals("tokenizer.json"));
        return stored && tokenizer == null ? stored(manifest) : ofCheckpoint(manifest, tokenizer);
    }

    private static Map<String, byte[]> stored(WeightsManifest manifest) {
        Map<String, byte[]> files = new TreeMap<>();
        for (WeightsFile file : manifest.getFiles()) {
            Path path = WeightsFiles.folder(manifest).resolve(file.getName());
            if (!SEPARATE.contains(file.getName())) {
                try {
                    byte[] bytes = Files.readAllBytes(path);
                    if (!Hashes.sha256(bytes).equals(file.getSha256())) {
                        throw new LogException(path + " is damaged: its SHA-256 is not that of the manifest");
                    }
                    files.put(file.getName(), bytes);
                } catch (IOException e) {
                    throw new UncheckedIOException("Can't read " + path, e);
                }
            }
        }
        return files;
    }

    private Map<String, byte[]> ofCheckpoint(WeightsManifest manifest, @Nullable Path tokenizer) {
        RunSettings settings = settings();
        // The start weights are never rounded.
        Precision stored = manifest.getVersion() == 0 ? Precision.FLOAT32 : settings.publishedPrecision();
        try {
            Checkpoint checkpoint = tokenizer == null ? Models.policy(settings) : Checkpoint.open(tokenizer);
            return checkpoint.companions(manifest.getConfig(), stored);
        } catch (CheckpointException e) {
            throw new UserException("the tokenizer of the run can't be read: " + e.getMessage()
                    + "; name a checkpoint folder that has it with --tokenizer");
        }
    }

    /** Computes the digest of what is read. */
    private record DigestedChannel(ReadableByteChannel channel, MessageDigest digest) implements ReadableByteChannel {
        @Override
        public int read(ByteBuffer target) throws IOException {
            ByteBuffer part = target.duplicate();
            int read = channel.read(target);
            if (read > 0) {
                digest.update(part.limit(part.position() + read));
            }
            return read;
        }

        @Override
        public boolean isOpen() {
            return channel.isOpen();
        }

        @Override
        public void close() {}
    }
}
