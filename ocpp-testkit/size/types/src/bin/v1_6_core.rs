//! All messages of the feature profile Core of 1.6, requests and responses, as either side.
#![no_std]
#![no_main]

use image::turn;
use ocpp_types::v1_6::*;

macro_rules! core {
    ($($action:literal: $request:ident, $response:ident;)*) => {
        fn handle(action: &str, json: &str) {
            match action {
                $($action => {
                    turn::<$request>(json);
                    turn::<$response>(json);
                })*
                _ => {}
            }
        }
    };
}

core! {
    "Authorize": AuthorizeRequest, AuthorizeResponse;
    "BootNotification": BootNotificationRequest, BootNotificationResponse;
    "ChangeAvailability": ChangeAvailabilityRequest, ChangeAvailabilityResponse;
    "ChangeConfiguration": ChangeConfigurationRequest, ChangeConfigurationResponse;
    "ClearCache": ClearCacheRequest, ClearCacheResponse;
    "DataTransfer": DataTransferRequest, DataTransferResponse;
    "GetConfiguration": GetConfigurationRequest, GetConfigurationResponse;
    "Heartbeat": HeartbeatRequest, HeartbeatResponse;
    "MeterValues": MeterValuesRequest, MeterValuesResponse;
    "RemoteStartTransaction": RemoteStartTransactionRequest, RemoteStartTransactionResponse;
    "RemoteStopTransaction": RemoteStopTransactionRequest, RemoteStopTransactionResponse;
    "Reset": ResetRequest, ResetResponse;
    "StartTransaction": StartTransactionRequest, StartTransactionResponse;
    "StatusNotification": StatusNotificationRequest, StatusNotificationResponse;
    "StopTransaction": StopTransactionRequest, StopTransactionResponse;
    "UnlockConnector": UnlockConnectorRequest, UnlockConnectorResponse;
}

image::image!(handle);
