package io.sppostream.model;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only transformer (Qwen2, arXiv 2407.10671, and its relatives): its weights, and the program that computes with them.
 *
 * <p>Several threads may read at once. A thread that writes weights must make sure that no other reads them.
 */
final class Transformer implements AutoCloseable {

    /** Elements that element-wise kernels process at once; the remainder takes another path, which rounds differently. */
    static final int VECTOR = 32;

    /**
     * From this number of rows on, matrix products give a row the same bits, however many rows there are. Smaller ones use
     * other kernels. The bound depends on processor and shape; 16 is the largest observed.
     */
    static final int LEAST_ROWS = 16;

    private final ModelConfig config;
    private final WeightLayout.Head head;
    private final ModelSettings settings;
    private final WeightLayout layout;
    private final NDManager manager;
    private final TorchProgram program;
    private final NDList weights = new NDList();
    private final NDList table;
    private final IValue weightsArgument;
    private final IValue tableArgument;

    /** Maps a fused tensor of a checkpoint; null if it cannot be used in place. */
    private interface Mapping {
        @Nullable
        ByteBuffer of(WeightLayout.Fused fused);
    }

    private Transformer(ModelConfig config, WeightLayout.Head head, ModelSettings settings, Mapping mapping) {
        this.config = config;
        this.head = head;
        this.settings = settings;
        this.layout = WeightLayout.of(config, head);
        this.manager = Engine.getEngine("PyTorch").newBaseManager(settings.toDevice());
        this.program = TorchProgram.load(manager, "transformer.torchscript", attributes(config, settings.precision()));
        for (WeightLayout.Fused fused : layout.tensors()) {
            Shape shape = new Shape(fused.shape());
            ByteBuffer mapped = mapping.of(fused);
            NDArray tensor = mapped == null
                    ? manager.create(shape, DataType.FLOAT32)
                    : manager.create(mapped, shape, DataType.FLOAT32);
            tensor.setName("w[]");
            weights.add(tensor);
        }
        this.weightsArgument = TorchProgram.list(weights);
        this.table = rotaryTable();
        this.tableArgument = TorchProgram.list(table);
    }

    /** The attributes {@code self.name} of the program. */
    static Map<String, Number> attributes(ModelConfig config, ModelSettings.Precision precision) {
        Map<String, Number> attributes = new LinkedHashMap<>();
        List<WeightLayout.Fused> layer = WeightLayout.layer(config, 0);
        attributes.put("d", config.hiddenSize());
        attributes.put("layers", config.layers());
        attributes.put("heads", config.heads());
        attributes.put("groups", config.keyValueHeads());
        attributes.put("size", config.headSize());
        attributes.put("half", config.headSize() / 2);
        attributes.put("width", config.heads() * config.headSize());
        attributes.put("stride", layer.size());
        attributes.put("output", WeightLayout.outputProjection(layer));
        attributes.put("bias", 1);
        attributes.put("norms", 0);
        attributes.put("epsilon", config.rmsNormEpsilon());
        attributes.put("bfloat16", precision == ModelSettings.Precision.BFLOAT16 ? 1 : 0);
        return attributes;
    }

    /** Loads a checkpoint's weights; a missing score head becomes zero. */
    static Transformer load(Checkpoint checkpoint, WeightLayout.Head head, ModelSettings settings) {
        boolean freshHead = head == WeightLayout.Head.SCORE && !checkpoint.hasScore();
        boolean inPlace = settings.toDevice().equals(Device.cpu());
        Set<WeightLayout.Fused> mapped = new HashSet<>();
        Transformer model = new Transformer(checkpoint.config(), head, settings, fused -> {
            ByteBuffer bytes = inPlace && !(freshHead && isHead(fused)) ? checkpoint.map(fused) : null;
            if (bytes != null) {
                mapped.add(fused);
            }
            return bytes;
        });
        try {
            for (int i = 0; i < model.weights.size(); i++) {
                WeightLayout.Fused fused = model.layout.tensors().get(i);
                if (freshHead && isHead(fused)) {
                    fill(model.weights.get(i), 0, 0, new SplittableRandom(0));
                } else if (!mapped.contains(fused)) {
                    slices(fused, model.weights.get(i), "").forEach(checkpoint::read);
                }
            }
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static boolean isHead(WeightLayout.Fused fused) {
        return fused.parts().get(0).name().startsWith("score.");
    }

    /**
     * Fresh weights: norms 1, biases and scores 0, the rest Gaussian with deviation 0.02 for embeddings, 0.02 sqrt(768 /
     * hidden size) for projections, and that over sqrt(2 layers) for those added to the residual stream (as GPT-2).
     */
    static Transformer random(ModelConfig config, WeightLayout.Head head, long seed, ModelSettings settings) {
        Transformer model = new Transformer(config, head, settings, fused -> null);
        SplittableRandom seeds = new SplittableRandom(seed);
        double projection = 0.02 * Math.sqrt(768.0 / config.hiddenSize());
        for (int i = 0; i < model.weights.size(); i++) {
            NDArray tensor = model.weights.get(i);
            SplittableRandom random = seeds.split();
            switch (model.layout.tensors().get(i).initial()) {
                case ZEROS -> fill(tensor, 0, 0, random);
                case ONES -> fill(tensor, 1, 0, random);
                case EMBEDDING -> fill(tensor, 0, 0.02, random);
                case PROJECTION -> fill(tensor, 0, projection, random);
                case RESIDUAL -> fill(tensor, 0, projection / Math.sqrt(2.0 * config.layers()), random);
            }
        }
        return model;
    }

    /** A model with the same weights in memory of its own, on the same device. */
    Transformer copy() {
        Transformer copy = new Transformer(config, head, settings, fused -> null);
        for (int i = 0; i < weights.size(); i++) {
            Tensors.copy(weights.get(i), copy.weights.get(i));
        }
        return copy;
    }

    private static void fill(NDArray tensor, double mean, double deviation, SplittableRandom random) {
        try {
            Tensors.fill(tensor, 0, tensor.size(), window -> {
                FloatBuffer floats = window.asFloatBuffer();
                while (floats.hasRemaining()) {
                    floats.put((float) (deviation == 0 ? mean : mean + deviation * random.nextGaussian()));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private NDList rotaryTable() {
        // In single precision, as in the reference implementation: at far positions the difference is visible.
        float[] frequencies = new float[config.headSize() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1f / (float) Math.pow(config.ropeTheta(), (float) (2 * i) / config.headSize());
        }
        float[] positions = new float[config.maxPositions()];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = i;
        }
        try (NDManager scratch = manager.newSubManager()) {
            NDList arguments = new NDList(
                    Tensors.of(scratch, frequencies, new Shape(frequencies.length)),
                    Tensors.of(scratch, positions, new Shape(positions.length)));
            NDList result = program.record(scratch, "rotary", arguments);
            result.attach(manager);
            result.forEach(tensor -> tensor.setName("table[]"));
            return result;
        }
    }

    ModelConfig config() {
        return config;
    }

    /**
     * Batches with a multiple of this many rows give a row the same bits, whatever the other rows are. Small matrix
     * products use other kernels, and so do the elements of a feed-forward layer after the last full vector.
     */
    int rowMultiple() {
        return Math.max(LEAST_ROWS, VECTOR / gcd(VECTOR, config.intermediateSize()));
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    NDManager manager() {
        return manager;
    }

    TorchProgram program() {
        return program;
    }

    /** The weights, named for use as an argument of {@link TorchProgram#record}. */
    NDList weights() {
        return weights;
    }

    /** The rotary embedding's table, named for use as an argument of {@link TorchProgram#record}. */
    NDList table() {
        return table;
    }

    /** The weights as an argument of {@link TorchProgram#run}. */
    IValue weightsArgument() {
        return weightsArgument;
    }

    /** The rotary embedding's table as an argument of {@link TorchProgram#run}. */
    IValue tableArgument() {
        return tableArgument;
    }

    /** The weights as the tensors of a checkpoint. */
    List<NamedSlice> slices() {
        return slices(weights, "");
    }

    /** Tensors shaped like the weights, as the tensors of a checkpoint with a prefix before their names. */
    List<NamedSlice> slices(NDList tensors, String prefix) {
        List<NamedSlice> slices = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
            slices.addAll(slices(layout.tensors().get(i), tensors.get(i), prefix));
        }
        return slices;
    }

    private static List<NamedSlice> slices(WeightLayout.Fused fused, NDArray tensor, String prefix) {
        List<NamedSlice> slices = new ArrayList<>();
        long start = 0;
        for (WeightLayout.Part part : fused.parts()) {
            NamedSlice slice = new NamedSlice(prefix + part.name(), part.shape(), tensor, start);
            slices.add(slice);
            start += slice.count();
        }
        return slices;
    }

    @Override
    public void close() {
        weightsArgument.close();
        tableArgument.close();
        program.close();
        manager.close();
    }
}
