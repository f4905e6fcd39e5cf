package io.sppostream.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.model.ModelSettings.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A model's files in Hugging Face layout: {@code config.json}, {@code model.safetensors} or several with an index,
 * {@code tokenizer.json}, and optionally the generation configuration and the chat template.
 *
 * <p>Immutable. Weights and tokenizer are read when a model or a tokenizer is created from it.
 */
public final class Checkpoint {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    private static final String SCORE = "score.";
    private static final String INDEX = "model.safetensors.index.json";

    /** Elements of a tensor that are read at once. */
    private static final int READ = 1 << 20;

    /** The files that are copied with the tokenizer from one checkpoint to another. */
    private static final List<String> TOKENIZER_FILES = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "generation_config.json",
            "chat_template.jinja");

    private final Path directory;
    private final ModelConfig config;
    private final Map<String, Location> tensors;
    private final Map<ModelSettings, SharedBase> bases = new ConcurrentHashMap<>();

    /** The file of a tensor, and its position there. */
    private record Location(Path file, Safetensors.Entry entry) {}

    private Checkpoint(Path directory, ModelConfig config, Map<String, Location> tensors) {
        this.directory = directory;
        this.config = config;
        this.tensors = tensors;
    }

    /**
     * Opens a checkpoint and checks that it is complete: configuration, tokenizer, and every weight in its shape.
     *
     * @throws CheckpointException with what is missing or unsupported
     */
    public static Checkpoint open(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new CheckpointException("No checkpoint at " + directory + ": it is not a directory");
        }
        ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
        requireFile(directory.resolve("tokenizer.json"));
        Checkpoint checkpoint = new Checkpoint(directory, config, locate(directory));
        checkpoint.requireTensors(WeightLayout.of(
                config, checkpoint.hasScore() ? WeightLayout.Head.SCORE : WeightLayout.Head.LANGUAGE_MODEL));
        return checkpoint;
    }

    private static void requireFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("Can't find " + file + ": a checkpoint in Hugging Face layout has one");
        }
    }

    private static Map<String, Location> locate(Path directory) {
        Path index = directory.resolve(INDEX);
        Map<String, Location> tensors = new HashMap<>();
        if (!Files.exists(index)) {
            requireFile(directory.resolve(WEIGHTS));
            locate(directory.resolve(WEIGHTS), tensors);
            return tensors;
        }
        try {
            TreeSet<String> files = new TreeSet<>();
            JSON.readTree(Files.readAllBytes(index)).path("weight_map").forEach(file -> files.add(file.asText()));
            for (String file : files) {
                requireFile(directory.resolve(file));
                locate(directory.resolve(file), tensors);
            }
            return tensors;
        } catch (JsonProcessingException e) {
            throw new CheckpointException(index + " is not JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException("Can't read " + index, e);
        }
    }

    private static void locate(Path file, Map<String, Location> tensors) {
        try (FileChannel channel = FileChannel.open(file)) {
            long end = 0;
            for (Safetensors.Entry entry : Safetensors.readHeader(channel, file.toString())) {
                tensors.put(entry.name(), new Location(file, entry));
                end = entry.begin() + entry.bytes();
            }
            if (channel.size() != end) {
                throw new CheckpointException(
                        file + " has " + channel.size() + " bytes, its header describes " + end + "; fetch it again");
            }
        } catch (IOException e) {
            throw new CheckpointException("Can't read " + file, e);
        }
    }

    private void requireTensors(WeightLayout layout) {
        for (WeightLayout.Fused fused : layout.tensors()) {
            for (WeightLayout.Part part : fused.parts()) {
                Location location = locate(part.name());
                Safetensors.requireShape(
                        location.entry(), part.shape(), location.file().toString());
            }
        }
    }

    private Location locate(String name) {
        Location location = tensors.get(name);
        if (location == null) {
            throw new CheckpointException(
                    "The weights in " + directory + " lack the tensor " + name + ", which config.json asks for");
        }
        return location;
    }

    /** The directory of the files. */
    public Path directory() {
        return directory;
    }

    /** The shape of the model. */
    public ModelConfig config() {
        return config;
    }

    /**
     * The checkpoint without the layers after the first ones, and without a critic's head, which belongs to the last layer.
     * Given all layers, it is this checkpoint.
     *
     * @param layers at least 1, at most those of the checkpoint
     */
    public Checkpoint firstLayers(int layers) {
        if (layers < 1 || layers > config.layers()) {
            throw new IllegalArgumentException(
                    "layers must be 1 to " + config.layers() + ", those of " + directory + ", got " + layers);
        }
        if (layers == config.layers()) {
            return this;
        }
        Map<String, Location> kept = new HashMap<>(tensors);
        kept.keySet().removeIf(name -> name.startsWith(SCORE));
        return new Checkpoint(directory, config.withLayers(layers), kept);
    }

    /** Whether the tokenizer files are equal, so that token ids mean the same. */
    public boolean hasTokenizerOf(Checkpoint other) {
        try {
            return Files.mismatch(directory.resolve("tokenizer.json"), other.directory.resolve("tokenizer.json")) < 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new tokenizer; the caller closes it. */
    public Tokenizer tokenizer() {
        return Tokenizer.open(directory);
    }

    /** Whether this is a critic's checkpoint: its head gives a score. */
    boolean hasScore() {
        return tensors.containsKey(SCORE + "weight");
    }

    /** The base of models with adapters that are loaded from this checkpoint to a device, for products of a precision. */
    SharedBase base(ModelSettings settings) {
        return bases.computeIfAbsent(
                settings.withAdapter(null),
                base -> new SharedBase(() -> Transformer.base(this, base), this::policySha256));
    }

    /** SHA-256, in hexadecimal, of a policy's weights as a {@code model.safetensors} in F32, read from the files. */
    private String policySha256() {
        return Safetensors.sha256(WeightLayout.of(config, WeightLayout.Head.LANGUAGE_MODEL).tensors().stream()
                .flatMap(fused -> fused.parts().stream())
                .map(part -> new Stored(locate(part.name()), part))
                .toList());
    }

    /** A tensor as its file has it. */
    private record Stored(Location location, WeightLayout.Part part) implements Safetensors.Source {

        @Override
        public String name() {
            return part.name();
        }

        @Override
        public long[] shape() {
            return part.shape();
        }

        @Override
        public Safetensors.Type type() {
            return Safetensors.Type.F32;
        }

        @Override
        public void read(Tensors.Window window) throws IOException {
            Safetensors.Type type = location.entry().type();
            ByteBuffer floats = ByteBuffer.allocate(READ * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            try (FileChannel channel = FileChannel.open(location.file())) {
                long end = location.entry().begin() + location.entry().bytes();
                for (long at = location.entry().begin(); at < end; at += (long) READ * type.bytes) {
                    long bytes = Math.min((long) READ * type.bytes, end - at);
                    Safetensors.widen(type, map(channel, at, bytes), floats.clear());
                    window.accept(floats.flip());
                }
            }
        }
    }

    private static ByteBuffer map(FileChannel channel, long begin, long bytes) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, begin, bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Copies a tensor's values, widened to 32 bits. */
    void read(NamedSlice slice) {
        Location location = locate(slice.name());
        Safetensors.Entry entry = location.entry();
        Safetensors.requireFloats(entry, location.file().toString());
        Safetensors.requireShape(entry, slice.shape(), location.file().toString());
        try (FileChannel channel = FileChannel.open(location.file())) {
            long[] at = {entry.begin()};
            slice.fill(window -> {
                long bytes = (long) window.remaining() / Float.BYTES * entry.type().bytes;
                Safetensors.widen(entry.type(), map(channel, at[0], bytes), window);
                at[0] += bytes;
            });
        } catch (IOException e) {
            throw new CheckpointException("Can't read " + location.file(), e);
        }
    }

    /**
     * Maps the bytes of a fused tensor from the file, if its parts are stored as consecutive 32-bit floats. Writes change
     * private copies of pages, never the file.
     *
     * @return null if the parts must be joined or widened
     */
    @Nullable
    ByteBuffer map(WeightLayout.Fused fused) {
        Location first = locate(fused.parts().get(0).name());
        long begin = first.entry().begin();
        long end = begin;
        for (WeightLayout.Part part : fused.parts()) {
            Location location = locate(part.name());
            Safetensors.Entry entry = location.entry();
            Safetensors.requireShape(entry, part.shape(), location.file().toString());
            if (entry.type() != Safetensors.Type.F32
                    || entry.begin() != end
                    || !location.file().equals(first.file())) {
                return null;
            }
            end += entry.bytes();
        }
        if (begin % Float.BYTES != 0 || end - begin > Integer.MAX_VALUE) {
            return null;
        }
        try (FileChannel channel = FileChannel.open(first.file(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.PRIVATE, begin, end - begin).order(ByteOrder.LITTLE_ENDIAN);
        } catch (AccessDeniedException e) {
            // Java requires write access for a private mapping; a read-only file is copied instead.
            return null;
        } catch (IOException e) {
            throw new CheckpointException("Can't read " + first.file(), e);
        }
    }

    /** Writes a model's files; the file of the weights appears only when it is complete. */
    static void write(Path directory, Checkpoint tokenizerFrom, ObjectNode config, List<NamedSlice> weights) {
        try {
            Files.createDirectories(directory);
            for (Map.Entry<String, byte[]> file :
                    companions(tokenizerFrom, config, Precision.FLOAT32).entrySet()) {
                Files.write(directory.resolve(file.getKey()), file.getValue());
            }
            Path complete = directory.resolve(WEIGHTS);
            Path partial = directory.resolve(WEIGHTS + ".partial");
            try (FileChannel out = FileChannel.open(
                    partial,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                Safetensors.write(out, weights);
            }
            Files.move(partial, complete, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            // An index left by a sharded checkpoint would refer readers to the old weights.
            Files.deleteIfExists(directory.resolve(INDEX));
        } catch (IOException e) {
            throw new UncheckedIOException("Can't write the checkpoint " + directory, e);
        }
    }

    /**
     * The files of a checkpoint besides its weights, for a model of the given configuration and this one's tokenizer.
     *
     * @param config the model's {@code config.json}
     * @param stored precision of the stored weights
     */
    public Map<String, byte[]> companions(String config, Precision stored) {
        try {
            return companions(this, (ObjectNode) JSON.readTree(config), stored);
        } catch (JsonProcessingException e) {
            throw new CheckpointException("A configuration is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** As {@link #companions(String, Precision)}; without a tokenizer if there is no checkpoint to take it from. */
    static Map<String, byte[]> companions(@Nullable Checkpoint tokenizerFrom, ObjectNode config, Precision stored) {
        try {
            Map<String, byte[]> files = new TreeMap<>();
            if (tokenizerFrom != null) {
                for (String name : TOKENIZER_FILES) {
                    Path file = tokenizerFrom.directory.resolve(name);
                    if (Files.exists(file)) {
                        files.put(name, Files.readAllBytes(file));
                    }
                }
                copyTokens(tokenizerFrom, config);
            }
            String type = stored == Precision.BFLOAT16 ? "bfloat16" : "float32";
            config.put("torch_dtype", type).put("dtype", type);
            files.put(CONFIG, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config));
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException("Can't read the tokenizer", e);
        }
    }

    /** Copies the special token ids, which config.json repeats from the tokenizer. */
    private static void copyTokens(Checkpoint from, ObjectNode config) throws IOException {
        JsonNode source = JSON.readTree(Files.readAllBytes(from.directory.resolve(CONFIG)));
        for (String name : List.of("bos_token_id", "eos_token_id", "pad_token_id")) {
            if (source.has(name)) {
                config.set(name, source.get(name));
            }
        }
    }
}
