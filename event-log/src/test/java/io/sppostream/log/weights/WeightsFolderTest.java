package io.sppostream.log.weights;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsFile;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.LogException;
import io.sppostream.log.UserException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Versions of a model in a folder of a file system in memory. */
class WeightsFolderTest {
    private static final String WEIGHTS = "the weights, more than a few bytes of them";

    private final FileSystem memory = Jimfs.newFileSystem(Configuration.unix());
    private final Path root = memory.getPath("/runs/weights/policy");
    private final WeightsFolder folder =
            new WeightsFolder(root.toUri().toString(), () -> Map.of("config.json", "{}".getBytes(UTF_8)));

    @AfterEach
    void close() throws IOException {
        folder.close();
        memory.close();
    }

    private static WeightsPublisher.Source source(String text) {
        return channel -> channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)));
    }

    private static WeightsManifest manifest(WeightsFolder.Written written, int version) {
        WeightsFile weights = written.file(WeightsFiles.WEIGHTS).orElseThrow();
        return new WeightsManifest(
                version,
                version - 1,
                version,
                weights.getSha256(),
                WeightsEncoding.FULL,
                weights.getBytes(),
                0,
                -1L,
                "{}",
                null,
                Instant.EPOCH,
                written.uri(),
                written.files());
    }

    private WeightsManifest write(int version) {
        return manifest(folder.write(version, source(WEIGHTS), null), version);
    }

    /** The file as a reader finds it; null if it does not exist. */
    private static @Nullable String read(WeightsManifest manifest, String name) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        boolean there = WeightsFiles.read(
                manifest, name, in -> Channels.newInputStream(in).transferTo(bytes));
        return there ? bytes.toString(UTF_8) : null;
    }

    private List<String> versions() throws IOException {
        try (Stream<Path> versions = Files.list(root)) {
            return versions.map(version -> version.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void shouldWriteACheckpointWithTheHashesOfItsFiles() throws IOException {
        WeightsFolder.Written written = folder.write(7, source(WEIGHTS), source("moments"));

        assertThat(written.files())
                .extracting(WeightsFile::getName)
                .containsExactly("model.safetensors", "optimizer.safetensors", "config.json");
        for (WeightsFile file : written.files()) {
            byte[] bytes = Files.readAllBytes(WeightsFiles.path(written.uri()).resolve(file.getName()));
            MessageDigest sha256 = Hashes.sha256();
            sha256.update(bytes);
            assertThat(file.getSha256()).isEqualTo(Hashes.hex(sha256));
            assertThat(file.getBytes()).isEqualTo(bytes.length);
        }
        assertThat(read(manifest(written, 7), WeightsFiles.WEIGHTS)).isEqualTo(WEIGHTS);
        assertThat(read(manifest(written, 7), WeightsFiles.OPTIMIZER)).isEqualTo("moments");
    }

    @Test
    void shouldSayThatAFileIsDamagedWhenABitHasFlipped() throws IOException {
        WeightsManifest manifest = write(1);
        Path file = WeightsFiles.folder(manifest).resolve(WeightsFiles.WEIGHTS);
        byte[] bytes = Files.readAllBytes(file);
        bytes[5] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> read(manifest, WeightsFiles.WEIGHTS))
                .isInstanceOf(LogException.class)
                .hasMessageContaining("version 1 can't be read")
                .hasMessageContaining("model.safetensors fails its CRC-32C");
    }

    @Test
    void shouldSayThatAFileIsDamagedWhenItMakesTheReaderFail() throws IOException {
        WeightsManifest manifest = write(1);
        Files.writeString(
                WeightsFiles.folder(manifest).resolve(WeightsFiles.WEIGHTS), WEIGHTS.toUpperCase(Locale.ROOT));

        assertThatThrownBy(() -> WeightsFiles.read(manifest, WeightsFiles.WEIGHTS, in -> {
                    throw new IllegalStateException("this is not a header");
                }))
                .isInstanceOf(LogException.class)
                .hasMessageContaining("fails its CRC-32C");
    }

    @Test
    void shouldSayHowLongAFileShouldBeWhenItIsTruncated() throws IOException {
        WeightsManifest manifest = write(1);
        Files.writeString(WeightsFiles.folder(manifest).resolve(WeightsFiles.WEIGHTS), "short");

        assertThatThrownBy(() -> read(manifest, WeightsFiles.WEIGHTS))
                .isInstanceOf(LogException.class)
                .hasMessageContaining("has 5 bytes, its manifest says " + WEIGHTS.length());
    }

    @Test
    void shouldFindNoFileWhenTheVersionIsDeleted() throws IOException {
        WeightsManifest manifest = write(1);
        Files.delete(WeightsFiles.folder(manifest).resolve(WeightsFiles.WEIGHTS));

        assertThat(Optional.ofNullable(read(manifest, WeightsFiles.WEIGHTS))).isEmpty();
    }

    @Test
    void shouldWriteToAnotherFolderWhenTheSameVersionIsWrittenAgain() {
        assertThat(write(3).getUri()).isNotEqualTo(write(3).getUri());
    }

    @Test
    void shouldDeleteVersionsThatAreNotRetainedAndNothingElse() throws IOException {
        WeightsManifest first = write(1);
        WeightsManifest second = write(2);
        Files.createDirectory(root.resolve("notes"));

        folder.retain(List.of(String.valueOf(second.getUri())));
        folder.close();

        assertThat(versions()).hasSize(2).contains("notes").first().asString().startsWith("000002-");
        assertThat(Optional.ofNullable(read(first, WeightsFiles.WEIGHTS))).isEmpty();
        assertThat(read(second, WeightsFiles.WEIGHTS)).isEqualTo(WEIGHTS);
    }

    @Test
    void shouldNotDeleteWhatAnotherLearnerHasWrittenSince() throws IOException {
        WeightsManifest first = write(1);
        try (WeightsFolder successor = new WeightsFolder(root.toUri().toString(), Map::of)) {
            successor.write(2, source(WEIGHTS), null);
        }

        folder.retain(List.of(String.valueOf(first.getUri())));
        folder.close();

        assertThat(versions()).hasSize(2);
    }

    @Test
    void shouldSayWhatIsMissingWhenNoFileSystemFitsTheUri() {
        assertThatThrownBy(() -> WeightsFiles.path("unheard-of://bucket/prefix"))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("unheard-of:");
        assertThatThrownBy(() -> WeightsFiles.path("file:relative")).isInstanceOf(UserException.class);
    }
}
