package io.sppostream.run.models;

import io.sppostream.feed.data.Addition;
import io.sppostream.feed.data.Arithmetic;
import io.sppostream.feed.data.KnightsAndKnavesText;
import io.sppostream.log.UserException;
import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.PolicyModel;
import io.sppostream.run.config.RunSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;

/** The checkpoints a run starts from. */
public final class Models {
    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";
    /** The datasets that only a pretrained model can read. */
    private static final Set<String> IN_ENGLISH = Set.of(Arithmetic.NAME, KnightsAndKnavesText.NAME);

    private static final List<String> SHAPE_FILES = List.of(CONFIG, "generation_config.json", "tokenizer.json");

    private Models() {}

    /**
     * The start policy: the configured folder, or the one shipped with the built-in dataset.
     *
     * @throws UserException if there is neither
     */
    public static Checkpoint policy(RunSettings settings) {
        String model = settings.policyModel();
        return Checkpoint.open(model.isEmpty() ? unpack(settings.dataset(), settings.dataDirectory()) : Path.of(model));
    }

    /**
     * The start critic: the first layers of the configured folder or of the policy, or random weights that read the
     * policy's tokens.
     *
     * @throws UserException if the critic scores tokens, and those of the folder are not the policy's
     */
    public static CriticModel critic(RunSettings settings, Checkpoint policy) {
        Checkpoint own = criticTokens(settings, policy);
        if (settings.hasTokenCritic() && !own.hasTokenizerOf(policy)) {
            throw new UserException(
                    "critic.model " + settings.criticModel() + " has another tokenizer than the policy: "
                            + settings.estimator().name()
                            + " needs a value of each token that the policy samples, so its critic reads the policy's tokens");
        }
        if (settings.hasRandomCritic()) {
            return CriticModel.random(settings.criticShape(policy.config()), settings.seed(), settings.criticPlacement());
        }
        return CriticModel.load(firstLayers(settings, own), settings.criticPlacement());
    }

    private static Checkpoint firstLayers(RunSettings settings, Checkpoint own) {
        int layers = settings.criticLayers();
        if (layers > own.config().layers()) {
            throw new UserException("critic.layers = " + layers + ": " + own.directory() + " has "
                    + own.config().layers() + " layers");
        }
        return layers == 0 ? own : own.firstLayers(layers);
    }

    /** Shape of the start critic. */
    public static ModelConfig criticConfig(RunSettings settings, Checkpoint policy) {
        return settings.hasRandomCritic()
                ? settings.criticShape(policy.config())
                : firstLayers(settings, criticTokens(settings, policy)).config();
    }

    /** The checkpoint with the tokenizer and chat template of the critic: its own, or the policy's. */
    public static Checkpoint criticTokens(RunSettings settings, Checkpoint policy) {
        Path model = settings.criticModel();
        return model == null ? policy : Checkpoint.open(model);
    }

    /**
     * Checks that the configured device is available.
     *
     * @throws UserException if it is not
     */
    public static void requireDevice(ModelSettings settings) {
        String obstacle = settings.obstacle();
        if (obstacle != null) {
            throw new UserException("device " + settings.device() + ": " + obstacle + "; see docs/gpu.md, or use cpu");
        }
    }

    /**
     * A checkpoint of fresh weights, with the shape and the tokenizer of the policy shipped with the dataset or, if it has
     * none, with the dataset of two-digit additions.
     *
     * @param dataset name of a dataset
     * @param directory folder to write it to
     */
    public static Checkpoint fresh(String dataset, long seed, Path directory) {
        String task = isShipped(dataset) ? dataset : Addition.NAME;
        SHAPE_FILES.forEach(file -> unpack(task, file, directory));
        ModelConfig config = ModelConfig.read(directory.resolve(CONFIG));
        try (PolicyModel model = PolicyModel.random(config, seed, ModelSettings.cpu());
                FileChannel weights = FileChannel.open(
                        directory.resolve(WEIGHTS),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            model.writeWeights(weights);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Checkpoint.open(directory);
    }

    private static boolean isShipped(String task) {
        return Models.class.getResource(resource(task, CONFIG)) != null;
    }

    private static String resource(String task, String file) {
        return "/models/" + task + "/" + file;
    }

    /** Copies a shipped checkpoint into a folder, from which its files can be mapped. */
    private static Path unpack(String task, Path dataDirectory) {
        Path directory = dataDirectory.resolve("models").resolve(task);
        SHAPE_FILES.forEach(file -> unpack(task, file, directory));
        unpack(task, WEIGHTS, directory);
        return directory;
    }

    private static void unpack(String task, String file, Path directory) {
        try (InputStream in = Models.class.getResourceAsStream(resource(task, file))) {
            if (in == null) {
                throw new UserException(
                        "dataset " + task + " comes without a start policy: give a checkpoint folder as --model"
                                + (IN_ENGLISH.contains(task)
                                        ? ", of an instruction-tuned model such as HuggingFaceTB/SmolLM2-135M-Instruct on Hugging Face"
                                        : " (./sppo pretrain makes one)"));
            }
            Files.createDirectories(directory);
            Files.copy(in, directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
