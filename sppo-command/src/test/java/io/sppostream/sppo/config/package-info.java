@NullMarked
package io.sppostream.sppo.config;

import org.jspecify.annotations.NullMarked;
