/** Configuration: one YAML file, then environment, then flags, validated once. */
@NullMarked
package io.sppostream.run.config;

import org.jspecify.annotations.NullMarked;
