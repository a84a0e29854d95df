// Package config reads the settings of the functions from the environment,
// and from nowhere else. No other package does.
//
// A setting is a number that an operator would change in an incident or for a
// large sender; what nobody would is a documented constant where it is used.
// Names, defaults, ranges and meanings stand in one table, [Variables], which
// the deployment and the documentation use as well. Settings are plain data:
// stores, queues and clocks are made elsewhere.
//
// It imports nothing of ours and only the standard library.
package config
