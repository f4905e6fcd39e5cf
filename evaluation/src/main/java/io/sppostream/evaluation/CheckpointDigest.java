package io.sppostream.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;

/** Identifies a checkpoint folder by the content of its files. */
public final class CheckpointDigest {
    private static final int BUFFER = 1 << 20;

    private CheckpointDigest() {}

    /**
     * SHA-256 over the names and contents of the weights, the configuration and the tokenizer: the files that end with
     * {@code .safetensors}, {@code .json}, {@code .jinja} and {@code .txt}, in the order of their names.
     *
     * @throws UserException if the folder cannot be read
     */
    public static String of(Path folder) {
        MessageDigest digest = Hashes.sha256();
        byte[] buffer = new byte[BUFFER];
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> sorted = files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().matches(".*\\.(safetensors|json|jinja|txt)"))
                    .sorted()
                    .toList();
            for (Path file : sorted) {
                digest.update((file.getFileName() + "\n").getBytes(UTF_8));
                try (InputStream in = Files.newInputStream(file)) {
                    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                        digest.update(buffer, 0, read);
                    }
                }
            }
        } catch (IOException e) {
            throw new UserException(folder + " can't be read: " + LogException.reason(e));
        }
        return Hashes.hex(digest);
    }
}
