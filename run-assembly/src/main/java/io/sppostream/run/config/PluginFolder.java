package io.sppostream.run.config;

import io.sppostream.log.UserException;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** Folders of jars that extend the program: verifiers and estimators. */
final class PluginFolder {
    private PluginFolder() {}

    /**
     * A class loader of the folder that a setting names, and of the class path. The jars of the folder share it, so that a
     * plugin can bring its libraries. The default folder may be missing.
     *
     * @throws UserException if the folder or one of its jars cannot be read; the message names the setting
     */
    static ClassLoader loader(RunSettings settings, String setting) {
        ClassLoader classPath = PluginFolder.class.getClassLoader();
        String name = settings.getString(setting);
        Path folder = Path.of(name);
        if (name.equals(SettingsDefinition.DEFAULT_PLUGINS) && !Files.exists(folder)) {
            return classPath;
        }
        try (Stream<Path> files = Files.list(folder)) {
            URL[] jars = files.filter(file -> file.getFileName().toString().endsWith(".jar"))
                    .sorted()
                    .map(jar -> checked(setting, jar))
                    .toArray(URL[]::new);
            return new URLClassLoader("plugins", jars, classPath);
        } catch (IOException e) {
            throw new UserException(setting + ": the plugins folder " + folder + " can't be read: "
                    + (Files.isDirectory(folder) ? e.getMessage() : "there is no such folder"));
        }
    }

    /** Fails for a jar that cannot be read. A class loader would skip it, and its plugins would be missing. */
    private static URL checked(String setting, Path jar) {
        try (JarFile opened = new JarFile(jar.toFile())) {
            opened.getManifest();
            return jar.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UserException(setting + ": plugin " + jar + " can't be read: " + e.getMessage());
        }
    }
}
