@NullMarked
package io.sppostream.run.config;

import org.jspecify.annotations.NullMarked;
