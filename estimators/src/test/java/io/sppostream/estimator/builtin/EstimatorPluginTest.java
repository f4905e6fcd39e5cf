package io.sppostream.estimator.builtin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.EstimatorFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example plugin, built as its page says. Its classes are only where a class loader of its own finds them. */
class EstimatorPluginTest {
    private static final Path SOURCE = Path.of("../examples/estimator-java/ConstantBaseline.java");
    private static final String FACTORY = "com.example.ConstantBaseline$Factory";

    @TempDir
    static Path classes = Path.of("");

    @BeforeAll
    static void build() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            List<String> options = List.of("-Xlint:all,-path", "-Werror", "-proc:none", "-d", classes.toString());
            boolean compiled = compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(SOURCE))
                    .call();
            assertThat(compiled).as("%s compiles", SOURCE).isTrue();
        }
        register(FACTORY);
    }

    private static void register(String services) throws IOException {
        Path folder = Files.createDirectories(classes.resolve("META-INF/services"));
        Files.writeString(folder.resolve(EstimatorFactory.class.getName()), services + "\n");
    }

    private static URLClassLoader loader() throws IOException {
        return new URLClassLoader(new URL[] {classes.toUri().toURL()}, EstimatorPluginTest.class.getClassLoader());
    }

    @Test
    void shouldCreateThePluginWithItsSettingsWhenItIsFound() throws IOException {
        try (URLClassLoader loader = loader()) {
            AdvantageEstimator estimator =
                    EstimatorCatalogue.open(loader).create("constant-baseline", Map.of("baseline", "0.25"));

            assertThat(estimator.name()).isEqualTo("constant-baseline");
            assertThat(estimator.plan(Groups.ofRewards(1))).isEmpty();
            assertThat(estimator.isComplete(Groups.ofRewards(1))).isTrue();
            assertThat(Groups.uniform(estimator.credit(Groups.ofRewards(1, 0)))).containsExactly(0.75, -0.25);
        }
    }

    @Test
    void shouldSayWhatIsValidWhenASettingOfThePluginIsNot() throws IOException {
        try (URLClassLoader loader = loader()) {
            assertThatThrownBy(
                            () -> EstimatorCatalogue.open(loader).create("constant-baseline", Map.of("baseline", "2")))
                    .hasMessage(
                            "estimator 'constant-baseline': baseline = 2: not a valid double; valid are: from 0 to 1");
        }
    }

    @Test
    void shouldSayWhyWhenAPluginCannotBeLoaded() throws IOException {
        register("com.example.Missing");
        try (URLClassLoader loader = loader()) {
            assertThatThrownBy(() -> EstimatorCatalogue.open(loader))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("an estimator can't be loaded: ")
                    .hasMessageContaining("com.example.Missing");
        } finally {
            register(FACTORY);
        }
    }

    @Test
    void shouldBeTheWholeFileWhenThePageShowsIt() throws IOException {
        assertThat(Files.readString(Path.of("../docs/estimators.md")))
                .contains("```java\n" + Files.readString(SOURCE) + "```\n");
    }
}
