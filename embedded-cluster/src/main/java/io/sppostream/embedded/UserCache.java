package io.sppostream.embedded;

import java.nio.file.Path;

/** The cache that all data directories of a user share: what is made once and can be made again. */
public final class UserCache {
    private UserCache() {}

    /** {@code $XDG_CACHE_HOME/sppo-stream} or {@code ~/.cache/sppo-stream}, absolute; it may not exist. */
    public static Path folder() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base =
                xdg != null && !xdg.isBlank() ? Path.of(xdg) : Path.of(System.getProperty("user.home", ""), ".cache");
        return base.resolve("sppo-stream").toAbsolutePath();
    }
}
