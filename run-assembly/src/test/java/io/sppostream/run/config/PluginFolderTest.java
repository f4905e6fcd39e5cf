package io.sppostream.run.config;

import static io.sppostream.run.config.SettingsDefinition.ESTIMATOR_PLUGINS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.log.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Errors of the folder. {@code PluginTest} of the command loads a verifier of it. */
class PluginFolderTest {
    @TempDir
    private Path directory = Path.of("");

    private ClassLoader loader(Path folder) {
        Configuration configuration =
                Configuration.load(null, Map.of(), Map.of("run", "test", ESTIMATOR_PLUGINS, folder.toString()));
        return PluginFolder.loader(configuration.settings(), ESTIMATOR_PLUGINS);
    }

    @Test
    void shouldBeTheClassPathWhenTheDefaultFolderIsMissing() {
        assertThat(PluginFolder.loader(
                        Configuration.load(null, Map.of(), Map.of("run", "test"))
                                .settings(),
                        ESTIMATOR_PLUGINS))
                .isSameAs(PluginFolder.class.getClassLoader());
    }

    @Test
    void shouldNameTheFolderWhenItIsMissing() {
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> loader(missing))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "estimator.plugins: the plugins folder " + missing + " can't be read: there is no such folder");
    }

    @Test
    void shouldNameTheJarWhenItIsNotAJar() throws IOException {
        Path broken = Files.writeString(directory.resolve("broken.jar"), "not a jar");
        Files.writeString(directory.resolve("README.txt"), "not a jar, and ignored");

        assertThatThrownBy(() -> loader(directory))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("estimator.plugins: plugin " + broken + " can't be read: ")
                .message()
                .hasLineCount(1);
    }

    @Test
    void shouldLookForEstimatorsInTheFolder() throws IOException {
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(directory.resolve("empty.jar")))) {
            jar.putNextEntry(new JarEntry("META-INF/services/" + EstimatorFactory.class.getName()));
            jar.write("com.example.Missing".getBytes(UTF_8));
        }
        Map<String, String> flags = Map.of("run", "test", ESTIMATOR_PLUGINS, directory.toString());

        assertThatThrownBy(() -> Configuration.load(null, Map.of(), flags))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("com.example.Missing not found");
    }

    @Test
    void shouldNotLoadTheFolderThatARecordNames() {
        String recorded = "run: test\nestimator.plugins: " + directory + "\n";
        assertThat(Configuration.recorded(recorded, Map.of(), Map.of())
                        .settings()
                        .getString(ESTIMATOR_PLUGINS))
                .isEqualTo(SettingsDefinition.DEFAULT_PLUGINS);
        assertThat(Configuration.recorded(recorded, Map.of(ESTIMATOR_PLUGINS, "mine"), Map.of())
                        .settings()
                        .getString(ESTIMATOR_PLUGINS))
                .isEqualTo("mine");
    }
}
