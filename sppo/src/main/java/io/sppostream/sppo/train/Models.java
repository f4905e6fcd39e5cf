package io.sppostream.sppo.train;

import io.sppostream.model.Checkpoint;
import io.sppostream.model.CriticModel;
import io.sppostream.model.ModelSettings;
import io.sppostream.sppo.UserException;
import io.sppostream.sppo.config.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The checkpoints a run starts from. */
public final class Models {
    private static final List<String> SHIPPED_FILES =
            List.of("config.json", "generation_config.json", "model.safetensors", "tokenizer.json");

    private Models() {}

    /**
     * The start policy: the configured folder, or the one shipped with the built-in task.
     *
     * @throws UserException where neither is there
     */
    public static Checkpoint policy(Settings settings) {
        String model = settings.getString("model");
        return Checkpoint.open(
                model.isEmpty()
                        ? unpack(settings.getString("dataset"), settings.dataDirectory())
                        : Path.of(model));
    }

    /** The start critic: the configured folder's backbone, or a random one that reads the policy's tokens. */
    public static CriticModel critic(Settings settings, Checkpoint policy) {
        String model = settings.getString("critic.model");
        return model.isEmpty()
                ? CriticModel.random(settings.criticShape(policy.config()), settings.seed(), ModelSettings.cpu())
                : CriticModel.load(Checkpoint.open(Path.of(model)), ModelSettings.cpu());
    }

    /** Copies a shipped checkpoint to where files can be mapped. */
    private static Path unpack(String task, Path dataDirectory) {
        Path directory = dataDirectory.resolve("models").resolve(task);
        for (String file : SHIPPED_FILES) {
            try (InputStream in = Models.class.getResourceAsStream("/models/" + task + "/" + file)) {
                if (in == null) {
                    throw new UserException("dataset " + task
                            + " comes without a start policy: give a checkpoint folder as --model");
                }
                Files.createDirectories(directory);
                Files.copy(in, directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return directory;
    }
}
